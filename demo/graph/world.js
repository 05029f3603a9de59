import { FaultRules } from "./faults.js";
import { Ledger, cents } from "./ledger.js";
/** Everything the stand-in remembers. A reset makes a new one, so that late requests write into the old. */
export class World {
    config;
    ledger = new Ledger();
    requests = [];
    faults = new FaultRules();
    offsetMs = 0;
    constructor(config) {
        this.config = config;
    }
    /** Milliseconds, shifted by the admin's clock. */
    now() {
        return Date.now() + this.offsetMs;
    }
    summary() {
        const pixels = this.config.pixels.map(({ id, name }) => {
            const received = this.ledger.entries.filter((entry) => entry.pixel === id);
            const counted = received.filter((entry) => entry.counted);
            const totals = new Map();
            for (const { currency, value } of counted) {
                if (currency !== null && value !== null)
                    totals.set(currency, (totals.get(currency) ?? 0) + cents(value));
            }
            const money = Object.fromEntries([...totals].map(([currency, sum]) => [currency, (sum / 100).toFixed(2)]));
            return { id, name, received: received.length, counted: counted.length, money };
        });
        return { now: this.now(), dedup: this.config.dedup, requests: this.requests.length, pixels };
    }
}
