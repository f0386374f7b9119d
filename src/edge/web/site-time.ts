/**
 * What time it is by the host of this site.
 * @module
 */

/** @returns milliseconds since 1970; null where the host is away or does not say */
export async function readSiteTime(ask: () => Promise<Response>): Promise<number | null> {
  try {
    // With whatever it answers a host says when.
    const { headers } = await ask()
    const atMs = Date.parse(headers.get('Date') ?? '')
    return Number.isNaN(atMs) ? null : atMs
  } catch {
    return null
  }
}
