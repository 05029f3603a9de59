import type { Action } from "../sales/permissions.js";
import { actions } from "../sales/permissions.js";
import type { Work } from "./carry.js";
import type { Sent } from "./send.js";

/**
 * Several works as one: what Meta has is stored first, since it costs nothing and settles who carries a shared click;
 * what nobody can send is given back last. Each looks by itself whether time is up. One that fails ends the others.
 */
export function inTurn<Context>(works: Readonly<Record<Action, Work<Context>>>): Work<Context> {
  return async (ctx, planned, options) => {
    let all: Sent = { outcomes: [], written: [], unreached: [], failure: null };
    for (const action of actions) {
      const part = planned.filter((item) => item.action === action);
      if (part.length === 0 || all.failure !== null) continue;
      const sent = await works[action](ctx, part, options);
      all = {
        outcomes: [...all.outcomes, ...sent.outcomes],
        written: [...all.written, ...sent.written],
        unreached: [...all.unreached, ...sent.unreached],
        failure: sent.failure,
      };
    }
    return all;
  };
}
