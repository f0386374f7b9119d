/**
 * What the kernel's figures come to: beside npm's packages in the same run, and beside what native code was measured at on an
 * idle machine of the same kind (T = 1280; cberner/raptorq 2.0.1 in Rust, nanorq in C for SSE and as WebAssembly with SIMD).
 * @module
 */
import type { Comparison } from './alternate.ts'
import { type CodingFigures, symbolSizeBytes } from './coding.ts'
import { type Line, busy, isReferenceMachine, show, verdictOf, voidBelow } from './line.ts'

export const codingCounts = [10, 100, 1000, 5000, 10_000] as const
/** The bars are set here. */
const barCount = 1000
export type CodingPlace = 'node' | 'worker'
export const codingTitle = (place: CodingPlace, K: number): string => `raptorq ${place} K=${K}`

/** MB/s: encoding without and with a plan, decoding with 5, 20 and 100 % lost. */
const others: Readonly<Record<number, string>> = {
  10: 'Rust 175/963, 368/452/414; C wasm 323/428, 238/243',
  100: 'Rust 393/1170, 566/521/503; C wasm 545/710, 464/444',
  1000: 'Rust 518/1169, 445/578/562; C wasm 485/675, 452/434',
  5000: 'Rust 420/887, 416/385/346; C wasm 399/573, 363/308',
  10_000: 'Rust 340/644, 327/261/314; C wasm 302/527, 283/298',
}
/** From an object to packets with 40 % repair by npm's `raptorq`, in Node. */
const peerReference = 67
export const isBusy = ({ peerEncode }: CodingFigures): boolean =>
  isReferenceMachine() && peerEncode < voidBelow * peerReference

export function codingLines(place: CodingPlace, K: number, figures: CodingFigures): readonly Line[] {
  const isVoid = isBusy(figures)
  const title = codingTitle(place, K)
  const judged = (isGood: boolean): string =>
    isVoid ? busy(show(voidBelow * peerReference, 'MB/s')) : verdictOf(isGood)
  const shown = (name: string, ours: number, note = ''): Line => ({
    title: `${title} ${name}`,
    ours: show(ours, 'MB/s'),
    baseline: show(figures.xor, 'MB/s'),
    ratio: (ours / figures.xor).toFixed(3),
    bar: '',
    verdict: 'shown',
    note: note || 'baseline: a bare XOR pass',
  })
  const beside = (name: string, ours: number, peer: number): Line => ({
    title: `${title} ${name}`,
    ours: show(ours, 'MB/s'),
    baseline: show(peer, 'MB/s'),
    ratio: (ours / peer).toFixed(2),
    bar: K === barCount ? '>= 5' : '',
    verdict: K === barCount ? judged(ours / peer >= 5) : 'shown',
    note: "baseline: npm's raptorq; ours keeps the encoder's plan of each K, as it does for its users",
  })
  const goal = (name: string, ours: number, least: number): Line => ({
    title: `${title} ${name}`,
    ours: show(ours, 'MB/s'),
    baseline: '',
    ratio: '',
    bar: `>= ${least}`,
    verdict: judged(ours >= least),
    note: 'what native Rust does on one thread of such a machine when idle',
  })
  return [
    shown('encode', figures.encode, others[K]),
    shown('encode, planned', figures.encodePlanned),
    shown('repair 40 %', figures.repair),
    shown('decode 5 %', figures.decode5),
    shown('decode 5 %, planned', figures.decode5Planned),
    shown('decode 20 %', figures.decode20),
    shown('decode 20 %, planned', figures.decode20Planned),
    shown('decode 100 %', figures.decode100),
    shown('decode 100 %, planned', figures.decode100Planned),
    ...(figures.plainEncode > 0 ? [shown('encode, planned, plain TypeScript', figures.plainEncode)] : []),
    beside('object to packets', figures.endEncode, figures.peerEncode),
    beside('packets to object, 5 % lost', figures.endDecode5, figures.peerDecode5),
    beside('packets to object, 20 % lost', figures.endDecode20, figures.peerDecode20),
    ...(K === barCount
      ? [
          goal('encode without a plan, beside Rust', figures.encode, 518),
          goal('decode 5 %, beside Rust', figures.decode5, 445),
        ]
      : []),
    {
      title: `${title} memory`,
      ours: `${figures.memoryRatio.toFixed(2)} of the object`,
      baseline: '',
      ratio: '',
      bar: K >= barCount ? '<= 3' : '',
      verdict: K >= barCount ? verdictOf(figures.memoryRatio <= 3) : 'shown',
      note: `of the kernel; the object is ${show((K * symbolSizeBytes) / 1e6, 'MB')}`,
    },
  ]
}

/** MB/s of hash-wasm over leaves of 1 KiB. */
const hashReference: Readonly<Record<CodingPlace, number>> = { node: 214, worker: 207 }
export const merkleTitle = (place: CodingPlace): string => `merkle ${place}`

export function merkleLine(place: CodingPlace, { ours, baseline, note }: Comparison): Line {
  const least = voidBelow * hashReference[place]
  const isVoid = isReferenceMachine() && baseline < least
  // The bar is for where it runs in earnest.
  const bar = place === 'worker' ? 2.5 : null
  return {
    title: merkleTitle(place),
    ours: show(ours, 'MB/s'),
    baseline: show(baseline, 'MB/s'),
    ratio: (ours / baseline).toFixed(2),
    bar: bar === null ? '' : `>= ${bar}`,
    verdict: bar === null ? 'shown' : isVoid ? busy(show(least, 'MB/s')) : verdictOf(ours / baseline >= bar),
    note,
  }
}
