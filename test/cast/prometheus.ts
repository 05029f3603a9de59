import { execFile, spawnSync } from "node:child_process";

const python = "/usr/bin/python3";
const how = "apt-get install -y --no-install-recommends python3-prometheus-client";

/** Whether Prometheus' own parser of text files is here; on CI nothing is skipped. */
export function hasParser(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (spawnSync(python, ["-c", "import prometheus_client.parser"]).status === 0) return true;
  if (environment["CI"] === "true") throw new Error(`No parser of metrics; on CI nothing is skipped: ${how}`);
  process.stderr.write(`No parser of metrics: its tests are skipped (${how})\n`);
  return false;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly timestamp: number | null;
  }[];
}

const script = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
texts = json.load(sys.stdin)
print(json.dumps([[{"name": f.name, "type": f.type, "help": f.documentation, "samples": [
  {"name": s.name, "labels": s.labels, "value": s.value, "timestamp": s.timestamp} for s in f.samples
]} for f in parse(text)] for text in texts]))
`;

/** What the parser of Prometheus' Python client makes of each text. */
export function parsed(texts: readonly string[]): Promise<Family[][]> {
  return new Promise((resolve, reject) => {
    const child = execFile(python, ["-c", script], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as Family[][]),
    );
    child.stdin?.end(JSON.stringify(texts));
  });
}
