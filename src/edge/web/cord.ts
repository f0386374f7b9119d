/**
 * The cord of a pretend device: the page around a frame pulls it, and the page in the frame follows.
 * @module
 */

/** Shown in a frame of another page of this site, as a pretend device; no other site may show it (`headers.ts`). */
export const isFramed = (): boolean => window.parent !== window

interface CordMessage {
  readonly kind: 'cord'
  readonly isPulled: boolean
}
/** A page that answers no sooner is about to be another one, which is told when it is there. */
const cordPatienceMs = 2000

/** Pulls the cord of the page in a frame, or puts it back. Resolves when it is so there. */
export async function setCord(frame: Window, isPulled: boolean): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  await new Promise<void>((resolve) => {
    port1.addEventListener('message', () => resolve())
    port1.start()
    setTimeout(resolve, cordPatienceMs)
    frame.postMessage({ kind: 'cord', isPulled } satisfies CordMessage, location.origin, [port2])
  })
  port1.close()
}
/** In a frame: the page around it has this one's cord. */
export function followCord(onCord: (isPulled: boolean) => Promise<void>): void {
  if (!isFramed()) return
  window.addEventListener('message', ({ origin, source, data, ports }: MessageEvent<CordMessage>) => {
    if (origin !== location.origin || source !== window.parent || data.kind !== 'cord') return
    void onCord(data.isPulled).then(() => ports[0]?.postMessage(null))
  })
}
