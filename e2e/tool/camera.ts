/**
 * What a made camera of the browser sees: a code on a screen, as a clip.
 * @module
 */
import { encodeQR } from 'qr'

/** A browser that is started with these sees the clip, and asks nobody. */
export const cameraArguments = (clipPath: string): readonly string[] => [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-video-capture=${clipPath}`,
]

const width = 640
const height = 480
/** What a camera sees that is held before a screen with a code: brightness, a byte a dot, a little askew. */
export function sceneOf(text: string): Uint8Array {
  const dots = encodeQR(text, 'raw', { ecc: 'medium', border: 4 })
  const scene = new Uint8Array(width * height).fill(70)
  const scale = (0.85 * height) / dots.length
  const [cos, sin] = [Math.cos(0.12), Math.sin(0.12)]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - width / 2, y - height / 2]
      const column = Math.floor((dx * cos + dy * sin) / scale + dots.length / 2)
      const row = Math.floor((dy * cos - dx * sin) / scale + dots.length / 2)
      const isDark = dots[row]?.[column]
      if (isDark !== undefined) scene[y * width + x] = isDark ? 35 : 215
    }
  return scene
}

/** A clip as Chromium's made camera plays it, again and again (YUV4MPEG2, 4:2:0, no colour). */
export function clipOf(scenes: readonly Uint8Array[], framesEach: number): Uint8Array {
  const colours = new Uint8Array((width * height) / 2).fill(128)
  const frame = (scene: Uint8Array): Uint8Array[] => [Buffer.from('FRAME\n'), scene, colours]
  const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`)
  return Buffer.concat([
    header,
    ...scenes.flatMap((scene) => Array.from({ length: framesEach }, () => frame(scene)).flat()),
  ])
}
