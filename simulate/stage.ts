import type { GraphDouble } from "../test/cast/doubles/graph.js";
import type { ShopDouble } from "../test/cast/doubles/shop.js";
import type { LogBook, Random } from "../test/cast/logs.js";
import type { WorldDraft } from "./draft.js";
import type { Timeline } from "./timeline.js";

/** The places where the application leaves its marks. */
export interface Stage {
  readonly timeline: Timeline;
  readonly shop: ShopDouble;
  readonly graph: GraphDouble;
  readonly book: LogBook;
  readonly random: Random;
  readonly draft: WorldDraft;
  /** Its own fix: a wait that ends in vain gives the sale back to the next visit. */
  readonly givesBack: boolean;
  readonly say: (line: string) => void;
}
