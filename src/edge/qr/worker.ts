/**
 * The scan worker's half: looks for a QR code in one picture after the other.
 * @module
 */
import decodeQR from 'qr/decode.js'
import type { ScanAnswer, ScanQuestion } from './protocol.ts'

/** Answers the page's questions for as long as the worker lives. */
export function serveScans(): void {
  const canvas = new OffscreenCanvas(1, 1)
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })!
  const port = self as unknown as Pick<Worker, 'postMessage'>
  self.addEventListener('message', ({ data: { picture, isStill } }: MessageEvent<ScanQuestion>) => {
    const { width, height } = picture
    canvas.width = width
    canvas.height = height
    context.drawImage(picture, 0, 0)
    picture.close()
    port.postMessage({ text: textIn(context.getImageData(0, 0, width, height), isStill) } satisfies ScanAnswer)
  })
}

/** Further hypotheses that are tried on a still picture, and for how long. */
const patience = { effort: 8, timeLimit: 2000 }

function textIn(picture: ImageData, isStill: boolean): string | null {
  try {
    return decodeQR(picture, isStill ? patience : {})
  } catch {
    // The library throws where it finds none.
    return null
  }
}
