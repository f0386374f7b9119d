/**
 * A recovery card that was just drawn: its words are shown once, and three of them are asked back before it may count.
 * @module
 */
import { BlocktreeError, type Bytes, wipe } from '../core/bytes/bytes.ts'
import { type Recovery, recoveryFromEntropy, wordsFromEntropy } from '../core/crypto/crypto.ts'
import type { RandomPort } from '../port/platform.ts'
import type { CardWords } from './api.ts'

const askedWordCount = 3

export class DrawnCard {
  /** Of its first key. */
  readonly recovery: Recovery
  readonly #words: readonly string[]
  readonly #askedPositions: readonly number[]
  #isConfirmed = false

  constructor(random: RandomPort) {
    const entropy = random.bytes(16)
    this.recovery = recoveryFromEntropy(entropy)
    this.#words = wordsFromEntropy(entropy)
    wipe(entropy)
    this.#askedPositions = drawPositions(random, this.#words.length)
  }

  get shown(): CardWords {
    return { words: this.#words, askedPositions: this.#askedPositions }
  }

  /** @param typed the asked words, in the order of their positions; rejects with a sentence where one is another */
  confirm(typed: readonly string[]): void {
    const isRight =
      typed.length === this.#askedPositions.length &&
      this.#askedPositions.every((position, at) => typed[at]!.trim().toLowerCase() === this.#words[position])
    if (!isRight)
      throw new BlocktreeError(
        'cardMismatch',
        'At least one of these words is not the one on the card. Compare them and try again.',
      )
    this.#isConfirmed = true
  }

  demandConfirmed(): void {
    if (!this.#isConfirmed) throw new BlocktreeError('cardUnconfirmed', 'First check the words of the recovery card.')
  }

  wipe(): void {
    wipe(this.recovery.signingSecret, this.recovery.wrapKey)
  }
}

function drawPositions(random: RandomPort, count: number): readonly number[] {
  const positions = Array.from({ length: count }, (_, position) => position)
  // A shuffle whose draws are taken modulo: a bias of one in millions does not matter for which words are asked.
  const draws: Bytes = random.bytes(4 * count)
  for (let last = count - 1; last > 0; last--) {
    const draw = new DataView(draws.buffer, draws.byteOffset + 4 * last, 4).getUint32(0) % (last + 1)
    ;[positions[last], positions[draw]] = [positions[draw]!, positions[last]!]
  }
  return positions.slice(0, askedWordCount).toSorted((left, right) => left - right)
}
