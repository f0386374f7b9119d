/**
 * The window's half of reading QR codes: the camera and pictures, which exist in no worker. What they show goes to the scan worker
 * picture by picture and nowhere else.
 * @module
 */
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { ScanAnswer, ScanQuestion } from './protocol.ts'

/** The browser, or the person, does not let this page use the camera. */
export class CameraRefusedError extends BlocktreeError {
  override name = 'CameraRefusedError'
  constructor() {
    super(
      'cameraRefused',
      'This page may not use the camera. Allow it in the browser’s settings for this page, or read the code another way.',
    )
  }
}

export class CameraMissingError extends BlocktreeError {
  override name = 'CameraMissingError'
  constructor() {
    super('cameraMissing', 'There is no camera that this page can use. Read the code another way.')
  }
}

/** It was taken away, or another program has it. */
export class CameraLostError extends BlocktreeError {
  override name = 'CameraLostError'
  constructor() {
    super('cameraLost', 'The camera gives no picture; another app may be using it. Close that one and try again.')
  }
}

export class PhotoUnreadableError extends BlocktreeError {
  override name = 'PhotoUnreadableError'
  constructor() {
    super('photoUnreadable', 'This file is no picture that the browser can show. Choose another one.')
  }
}

/** The worker failed, which only a mistake in the program or a lack of memory can bring about. */
class ScanWorkerError extends BlocktreeError {
  override name = 'ScanWorkerError'
  constructor(message: string) {
    super('scanWorkerFailed', `A thread of this page has failed (${message}). Reload the page and try again.`)
  }
}

interface Look {
  readonly signal: AbortSignal
  onRunning(): void
  onText(text: string): void
}

/** @param startWorker starts a scan worker */
export const openScanner = (startWorker: () => Worker) => ({
  look: (video: HTMLVideoElement, look: Look) => lookThroughCamera(startWorker, video, look),
  readPhoto: (photo: Blob) => readPhoto(startWorker, photo),
})

async function lookThroughCamera(startWorker: () => Worker, video: HTMLVideoElement, look: Look): Promise<void> {
  const { signal } = look
  const stream = await openCamera()
  const reader = new Reader(startWorker())
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
  const lost = new Promise<never>((_, reject) => {
    for (const track of stream.getTracks()) track.addEventListener('ended', () => reject(new CameraLostError()))
  })
  try {
    await Promise.race([readFrames(stream, video, reader, look), lost, aborted])
  } finally {
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
    reader.close()
  }
}

async function openCamera(): Promise<MediaStream> {
  const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices }
  if (!mediaDevices?.getUserMedia) throw new CameraMissingError()
  try {
    // The one at the back, where there are several.
    const video = { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } }
    return await mediaDevices.getUserMedia({ video })
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    if (name === 'NotAllowedError' || name === 'SecurityError') throw new CameraRefusedError()
    if (name === 'NotFoundError' || name === 'OverconstrainedError') throw new CameraMissingError()
    throw new CameraLostError()
  }
}

/** One frame after the other, the next one when the last one has been looked at. */
async function readFrames(stream: MediaStream, video: HTMLVideoElement, reader: Reader, look: Look): Promise<void> {
  video.srcObject = stream
  await video.play()
  look.onRunning()
  while (!look.signal.aborted) {
    await nextFrame(video)
    const text = await reader.read(await createImageBitmap(video), false)
    if (text !== null && !look.signal.aborted) look.onText(text)
  }
}

const nextFrame = (video: HTMLVideoElement): Promise<unknown> =>
  new Promise((resolve) =>
    'requestVideoFrameCallback' in video ? video.requestVideoFrameCallback(resolve) : requestAnimationFrame(resolve),
  )

/** Longer sides at which a picture is looked at, in dots: a code may fill it, or lie far away in it. */
const photoSides = [1000, 2800]

async function readPhoto(startWorker: () => Worker, photo: Blob): Promise<string | null> {
  const image = new Image()
  image.src = URL.createObjectURL(photo)
  const reader = new Reader(startWorker())
  try {
    await image.decode().catch(() => {
      throw new PhotoUnreadableError()
    })
    const { naturalWidth: width, naturalHeight: height } = image
    for (const side of photoSides) {
      const scale = Math.min(1, side / Math.max(width, height))
      const [resizeWidth, resizeHeight] = [width, height].map((each) => Math.max(1, Math.round(each * scale)))
      const picture = await createImageBitmap(image, {
        resizeWidth: resizeWidth!,
        resizeHeight: resizeHeight!,
        resizeQuality: 'high',
      })
      const text = await reader.read(picture, true)
      if (text !== null || scale === 1) return text
    }
    return null
  } finally {
    URL.revokeObjectURL(image.src)
    reader.close()
  }
}

/** A scan worker that looks at one picture at a time. */
class Reader {
  readonly #worker: Worker

  constructor(worker: Worker) {
    this.#worker = worker
  }

  read(picture: ImageBitmap, isStill: boolean): Promise<string | null> {
    const answered = new Promise<string | null>((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<ScanAnswer>) => resolve(data.text)
      this.#worker.onerror = ({ message }) => reject(new ScanWorkerError(message))
    })
    this.#worker.postMessage({ picture, isStill } satisfies ScanQuestion, [picture])
    return answered
  }
  close(): void {
    this.#worker.terminate()
  }
}
