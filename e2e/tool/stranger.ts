/**
 * A host of somebody else on this computer, which counts who comes.
 * @module
 */
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Stranger {
  readonly origin: string
  /** As `GET /path`, in their order. */
  readonly requests: string[]
  /** Connections, also such that asked for nothing. */
  connectionCount: number
  close(): Promise<void>
}

/** @param pages what it serves without any headers of protection, by path; everything else is an empty answer */
export async function openStranger(
  pages: ReadonlyMap<string, { readonly type: string; readonly body: string | Uint8Array }> = new Map(),
): Promise<Stranger> {
  const requests: string[] = []
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const page = pages.get(request.url ?? '')
    response.writeHead(200, { 'Content-Type': page?.type ?? 'text/plain', 'Access-Control-Allow-Origin': '*' })
    response.end(page?.body ?? '')
  })
  server.on('connection', () => stranger.connectionCount++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stranger: Stranger = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connectionCount: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return stranger
}
