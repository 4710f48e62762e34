/** Serves a site to browsers of this machine, and to nobody else. */

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { INDEX, type Site } from "./explorer-site.js";

const LOOPBACK = "127.0.0.1";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};

/** What no page of another origin may do with what is here. */
const HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** The policy that the page has for itself, as it must have where it is a file. */
const POLICY = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/;

export interface Served {
  /** Of the page. Its path is secret: other users of the machine and other pages cannot guess it. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** Begins to serve, on a free port of the loopback address. */
export async function serve(site: Site): Promise<Served> {
  const root = `/${randomBytes(16).toString("hex")}/`;
  const policy = `${policyOf(site)}; frame-ancestors 'none'`;
  let port = 0;
  const server = createServer((request, response) => {
    const { code, content, type = TYPES[".txt"], headers } = replyTo(request, { site, root, port });
    response.writeHead(code, {
      ...HEADERS,
      "Content-Security-Policy": policy,
      "Content-Type": type,
      "Content-Length": Buffer.byteLength(content),
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : content);
  });
  await listen(server);
  ({ port } = server.address() as AddressInfo);
  return {
    address: `http://${LOOPBACK}:${port}${root}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function policyOf(site: Site): string {
  const page = new TextDecoder().decode(site.get(INDEX)?.());
  const [, policy] = POLICY.exec(page) ?? [];
  if (policy === undefined) throw new Error("explore: the page has no policy");
  return policy;
}

function listen(server: Server): Promise<void> {
  return new Promise((done, failed) => {
    server.on("error", failed);
    server.listen(0, LOOPBACK, done);
  });
}

interface Place {
  readonly site: Site;
  /** The secret path in front of all others. */
  readonly root: string;
  readonly port: number;
}

interface Reply {
  readonly code: number;
  readonly content: string | Uint8Array;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

function replyTo(request: IncomingMessage, { site, root, port }: Place): Reply {
  const { method, headers, headersDistinct, url = "" } = request;
  // Of two, this server and what may stand before it could each believe another one (RFC 9112, 3.2).
  if ((headersDistinct.host ?? []).length > 1) return { code: 400, content: "expected one Host\n" };
  // A name that an attacker's server resolves to this machine comes with that name.
  const hosts = [`${LOOPBACK}:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? "")) return { code: 403, content: "another host\n" };
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) {
    return { code: 403, content: "another origin\n" };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { code: 405, content: "only GET and HEAD\n", headers: { Allow: "GET, HEAD" } };
  }
  const path = url.startsWith(root) ? url.slice(root.length) || INDEX : "";
  const content = site.get(path);
  if (content === undefined) return { code: 404, content: "nothing here\n" };
  try {
    return { code: 200, content: content(), type: TYPES[extname(path)] ?? "application/octet-stream" };
  } catch {
    // A file of the user that is gone since.
    return { code: 404, content: "no longer here\n" };
  }
}
