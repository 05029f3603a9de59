import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";

/** What a command gets: bytes of RESP, or whatever it does to the socket. */
export type Reply =
  | string
  | ((args: readonly string[]) => string)
  | { readonly flood: (socket: Socket) => void };

/** Something at a port that speaks Redis' protocol and means no good; every command that is not named is served. */
export interface HostileRedis {
  readonly url: string;
  close(): Promise<void>;
}

const usual: Readonly<Record<string, Reply>> = {
  PING: "+PONG\r\n",
  CLIENT: "+OK\r\n",
  SELECT: "+OK\r\n",
  AUTH: "+OK\r\n",
  PUBLISH: ":0\r\n",
  PSUBSCRIBE: (args) => `*3\r\n$10\r\npsubscribe\r\n$${args[1]?.length}\r\n${args[1]}\r\n:1\r\n`,
  HSCAN: "*2\r\n$1\r\n0\r\n*0\r\n",
  INFO: "$0\r\n\r\n",
  STRLEN: ":0\r\n",
  LLEN: ":0\r\n",
};

/** A beginning, and then the same for ever, as fast as it is read. */
export function endless(head: string, tail: string): Reply {
  const chunk = Buffer.from(tail.repeat(Math.ceil(65_536 / tail.length)));
  const flood = (socket: Socket): void => {
    socket.write(head);
    const more = (): void => {
      while (socket.writable && socket.write(chunk));
      if (socket.writable) socket.once("drain", more);
    };
    more();
  };
  return { flood };
}

export async function hostileRedis(replies: Readonly<Record<string, Reply>>): Promise<HostileRedis> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    let heard = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      heard += text;
      for (let command = read(heard); command !== null; command = read(heard)) {
        heard = heard.slice(command.end);
        answer(socket, command.args, { ...usual, ...replies });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}/0`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(socket: Socket, args: readonly string[], replies: Readonly<Record<string, Reply>>): void {
  const reply = replies[args[0]?.toUpperCase() ?? ""] ?? "*0\r\n";
  if (typeof reply === "string") socket.write(reply);
  else if (typeof reply === "function") socket.write(reply(args));
  else reply.flood(socket);
}

/** The command at the beginning; null where it is not there as a whole. */
function read(text: string): { args: string[]; end: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return null;
  const args: string[] = [];
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const [line, length] = /^\$(\d+)\r\n/.exec(text.slice(at, at + 30)) ?? [];
    if (line === undefined) return null;
    const start = at + line.length;
    const end = start + Number(length);
    if (text.length < end + 2) return null;
    args.push(text.slice(start, end));
    at = end + 2;
  }
  return { args, end: at };
}
