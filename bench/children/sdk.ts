import { createRequire } from "node:module";
import { source } from "../ground/root.js";
import type { Raw } from "./customers.js";

/** As much of Meta's SDK as a Purchase needs; it comes without types. */
interface Sdk {
  readonly FacebookAdsApi: { init(token: string, locale?: string, crashLog?: boolean): unknown };
  readonly ServerEvent: new () => ServerEvent;
  readonly UserData: new () => UserData;
  readonly CustomData: new () => CustomData;
  readonly EventRequest: new (
    token: string,
    pixel: string,
    events: readonly unknown[],
  ) => { execute(): Promise<{ events_received: number }> };
}

/** Setters that can be chained. */
type Fluent<Name extends string> = { [N in Name as `set${N}`]: (value: unknown) => Fluent<Name> };

type ServerEvent = Fluent<
  "EventName" | "EventTime" | "EventId" | "EventSourceUrl" | "ActionSource" | "UserData" | "CustomData"
>;
type UserData = Fluent<
  "Email" | "Phone" | "FirstName" | "LastName" | "ExternalId" | "ClientIpAddress" | "ClientUserAgent"
>;
type CustomData = Fluent<
  "Value" | "Currency" | "ContentType" | "ContentName" | "ContentCategory" | "ContentIds" | "NumItems"
>;

/** A sender as the SDK's own examples make one. Its crash reporter, which loops on an error, is left off. */
export function openSdk(graphUrl: string, token: string) {
  const require = createRequire(source("sdk", "package.json"));
  const sdk = require("facebook-nodejs-business-sdk") as Sdk;
  sdk.FacebookAdsApi.init(token, "en_US", false);
  Object.defineProperty(sdk.FacebookAdsApi, "GRAPH", { get: () => graphUrl });
  return {
    send: async (pixel: string, raws: readonly Raw[]) => {
      const events = raws.map((raw) => eventOf(sdk, raw));
      const answer = await new sdk.EventRequest(token, pixel, events).execute();
      if (answer.events_received !== raws.length) throw new Error("fewer events were received than sent");
    },
  };
}

/** The SDK normalises and hashes by itself, when it is executed. */
function eventOf({ ServerEvent, UserData, CustomData }: Sdk, raw: Raw): ServerEvent {
  const userData = new UserData()
    .setEmail(raw.email)
    .setPhone(raw.phone)
    .setFirstName(raw.firstName)
    .setLastName(raw.lastName)
    .setExternalId(raw.telegramId)
    .setClientIpAddress(raw.ip)
    .setClientUserAgent(raw.browser);
  const customData = new CustomData()
    .setValue(raw.value)
    .setCurrency("BRL")
    .setContentType("product")
    .setContentName(raw.product)
    .setContentCategory("initial")
    .setContentIds(["1"])
    .setNumItems(1);
  return new ServerEvent()
    .setEventName("Purchase")
    .setEventTime(raw.seconds)
    .setEventId(raw.eventId)
    .setEventSourceUrl("https://t.me/bot_1")
    .setActionSource("website")
    .setUserData(userData)
    .setCustomData(customData);
}
