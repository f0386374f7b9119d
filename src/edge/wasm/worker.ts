/**
 * The fragment worker's half: codes, seals and hashes one source block after the other. It holds nothing but a plan or two.
 * @module
 */
import { type Bytes, type Result, accepted, concat, copy, equal, refused } from '../../core/bytes/bytes.ts'
import { domainPrefix } from '../../core/crypto/crypto.ts'
import {
  type FragmentId,
  StripeDecoder,
  encodeSourceBlock,
  fragmentKey,
  fragmentSizeBytesOf,
  leafSizeBytes,
  overheadFragmentCount,
  planOpenPiece,
  planSealPiece,
  sourceRangeOf,
  stripesOf,
} from '../../core/fragment/fragment.ts'
import { leafHashes, levelsOver, merkleLeafDomain, rootOfLevels } from '../../core/merkle/merkle.ts'
import { type FragmentKernel, createKernel, kernelAddress } from './kernel.ts'
import {
  type Cut,
  type FragmentAnswer,
  type FragmentAnswers,
  type FragmentQuestion,
  type Sealing,
  movedOf,
} from './protocol.ts'

/** Answers the page's questions for as long as the worker lives. */
export function serveFragments(): void {
  const coder = fetch(kernelAddress)
    .then((response) => response.arrayBuffer())
    .then((octets) => new FragmentCoder(createKernel(octets)))
  const port = self as unknown as Pick<Worker, 'postMessage'>
  self.addEventListener('message', ({ data }: MessageEvent<FragmentQuestion>) => {
    void coder
      .then((ready) => ready.answer(data))
      .then(
        (answer) => port.postMessage(answer, movedIn(answer)),
        // Told to the page as the failure of this worker.
        (error: unknown) => reportError(error),
      )
  })
}

function movedIn(answer: FragmentAnswer): ArrayBuffer[] {
  if (!answer.ok) return movedOf(answer.pieces)
  const value = answer.value
  if ('leaves' in value) return movedOf([...value.pieces, value.leaves])
  return 'content' in value ? movedOf([...value.pieces, value.content]) : []
}

/** The work itself, apart from messages. */
export class FragmentCoder {
  readonly #kernel: FragmentKernel
  readonly #keys = new Map<string, Bytes>()
  #decoder: { readonly name: string; readonly decoder: StripeDecoder } | null = null

  constructor(kernel: FragmentKernel) {
    this.#kernel = kernel
  }

  async answer(question: FragmentQuestion): Promise<FragmentAnswer> {
    if (question.kind === 'hash') {
      const leaf = await contentLeaf(new Uint8Array(await question.content.arrayBuffer()))
      return { ok: true, value: { leaf } }
    }
    if (question.kind === 'cut') return { ok: true, value: cutsOf(question.sizeBytes, question.neededCount) }
    if (question.kind === 'root')
      return { ok: true, value: { root: rootOfLevels(levelsOver(question.leaves, this.#kernel.digestMany)) } }
    if (question.kind === 'encode') return { ok: true, value: await this.#encode(question) }
    const decoded = await this.#decode(question)
    const { pieces } = question
    return decoded.ok ? { ok: true, value: { pieces, content: decoded.value } } : { ...decoded, pieces }
  }

  async #encode(question: FragmentQuestion & { kind: 'encode' }): Promise<FragmentAnswers['encode']> {
    const { content, place, sealing, encodingSymbolIds } = question
    const octets = new Uint8Array(await content.arrayBuffer())
    const symbols: Bytes[] = []
    encodeSourceBlock(this.#kernel, place.stripe, octets, encodingSymbolIds, (_id, symbol) =>
      symbols.push(copy(symbol)),
    )
    const pieces = await Promise.all(
      symbols.map(async (symbol, index) => {
        const id = fragmentIdOf(sealing, encodingSymbolIds[index]!)
        const plan = planSealPiece(this.#keyOf(sealing, id), id, place.sourceBlock, symbol)
        const key = await crypto.subtle.importKey('raw', plan.key, 'AES-GCM', false, ['encrypt'])
        return new Uint8Array(await crypto.subtle.encrypt(aesGcm(plan.associatedData), key, plan.plaintext))
      }),
    )
    const leaves = concat(...pieces.map((piece) => leafHashes(piece, leafSizeBytes, this.#kernel.digestMany)))
    return { pieces, leaves }
  }

  async #decode(question: FragmentQuestion & { kind: 'decode' }): Promise<Result<Bytes>> {
    const { pieces, encodingSymbolIds, place, sealing, leaf } = question
    const damaged = refused('fragmentDamaged', 'A fragment is damaged; it was not used.')
    const symbols = await Promise.all(
      pieces.map(async (piece, index) => {
        const id = fragmentIdOf(sealing, encodingSymbolIds[index]!)
        const plan = planOpenPiece(this.#keyOf(sealing, id), id, place.sourceBlock, place.stripe, piece)
        if (!plan.ok) return null
        const key = await crypto.subtle.importKey('raw', plan.value.key, 'AES-GCM', false, ['decrypt'])
        // The tag fails by rejecting; whatever the reason, there is no symbol.
        const opened = crypto.subtle.decrypt(aesGcm(plan.value.associatedData), key, plan.value.ciphertext)
        return opened.then((octets) => new Uint8Array(octets)).catch(() => null)
      }),
    )
    const sound = symbols.filter((symbol) => symbol !== null)
    if (sound.length < symbols.length) return damaged
    const content = new Uint8Array(place.sizeBytes)
    const decoded = this.#decoderOf(question).decode(sound, content)
    if (!decoded.ok) return decoded
    return equal(await contentLeaf(content), leaf) ? accepted(content) : damaged
  }

  /** All source blocks of a stripe are found by one plan. */
  #decoderOf({ place: { stripe }, encodingSymbolIds }: FragmentQuestion & { kind: 'decode' }): StripeDecoder {
    const name = `${stripe.K} ${stripe.T} ${encodingSymbolIds.join(' ')}`
    if (this.#decoder?.name !== name)
      this.#decoder = { name, decoder: new StripeDecoder(this.#kernel, stripe, encodingSymbolIds) }
    return this.#decoder.decoder
  }

  #keyOf({ treeSecret, storers }: Sealing, id: FragmentId): Bytes {
    const name = `${id.setId.join()} ${id.stripe} ${id.encodingSymbolId}`
    let key = this.#keys.get(name)
    if (key === undefined) {
      key = fragmentKey(treeSecret, storers[id.encodingSymbolId]!, id)
      if (this.#keys.size >= keyCountMax) this.#keys.clear()
      this.#keys.set(name, key)
    }
    return key
  }
}

function cutsOf(fileSizeBytes: number, neededCount: number): FragmentAnswers['cut'] {
  const stripes = stripesOf(fileSizeBytes, neededCount - overheadFragmentCount)
  const cuts = stripes.flatMap((stripe, stripeIndex) =>
    Array.from({ length: stripe.Z }, (_, sourceBlock): Cut => {
      const { start, end } = sourceRangeOf(stripe, sourceBlock)
      return { stripe, stripeIndex, sourceBlock, start, end, sizeBytes: end - start }
    }),
  )
  const fragmentSizeBytes = stripes.reduce((sum, stripe) => sum + fragmentSizeBytesOf(stripe), 0)
  return { cuts, stripeCount: stripes.length, fragmentSizeBytes }
}

const keyCountMax = 1024
/** Every piece has a key of its own. */
const zeroNonce = new Uint8Array(12)
const aesGcm = (additionalData: Bytes): AesGcmParams => ({ name: 'AES-GCM', iv: zeroNonce, additionalData })
const fragmentIdOf = ({ setId, stripeIndex }: Sealing, encodingSymbolId: number): FragmentId => ({
  setId,
  stripe: stripeIndex,
  encodingSymbolId,
})

/** A source block as a leaf of the content's Merkle tree. */
async function contentLeaf(octets: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(domainPrefix(merkleLeafDomain), octets)))
}
