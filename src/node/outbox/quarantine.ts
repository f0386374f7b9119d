/**
 * The quarantine: what the tree refused for good although somebody was told that it is kept. It stays until a person tries it
 * again or gives it up.
 * @module
 */
import { type Bytes, RefusedError, equal, refused } from '../../core/bytes/bytes.ts'
import { type SectorKeys, blockKeySchedule } from '../../core/crypto/crypto.ts'
import type { Body } from '../../core/block/block.ts'
import type { BlockId } from '../../core/path/path.ts'
import { bodyOfDeed, keysOfDeed } from './deed.ts'
import type { Kept } from './rows.ts'

/** Under which a page knows something in quarantine. */
export const idOfQuarantined = ({ sequence }: Kept): string => `quarantined-${sequence}`
/** NaN for what is no such id, under which nothing is found. */
export const sequenceOf = (id: string): number => (id.startsWith('quarantined-') ? Number(id.slice(12)) : NaN)

export interface QuarantinedContent {
  readonly name: string
  readonly block: BlockId
  readonly body: Body
  readonly sectorKeys: (block: BlockId, keyEpoch: number) => SectorKeys | null
}

export class Quarantine {
  #list: readonly Kept[]
  readonly #claimed = new Set<Kept>()

  constructor(list: readonly Kept[]) {
    this.#list = list
  }

  /** In the order in which it was done. */
  get list(): readonly Kept[] {
    return this.#list
  }

  add(kept: Kept): void {
    this.#list = [...this.#list, kept]
  }

  /**
   * For whoever is about to take it out, as soon as that is durable: until then it stays with its body, and nobody else can.
   * Throws RefusedError where it is not here any more.
   */
  claim(sequence: number): Kept {
    const found = this.#list.find((kept) => kept.sequence === sequence)
    if (found === undefined || this.#claimed.has(found)) throw new RefusedError(gone.fault)
    this.#claimed.add(found)
    return found
  }
  /** It stays after all. */
  disclaim(kept: Kept): void {
    this.#claimed.delete(kept)
  }
  /** It is out. */
  drop(kept: Kept): void {
    this.#claimed.delete(kept)
    this.#list = this.#list.filter((each) => each !== kept)
  }

  /** null for what has no content. */
  contentOf(sequence: number): QuarantinedContent | null {
    const deed = this.#list.find((kept) => kept.sequence === sequence)?.deed
    if (deed?.tag !== 'addFile' && deed?.tag !== 'writeFile') return null
    const { block, body, name } = deed.value
    const schedules = new Map([...keysOfDeed(deed)].map(([epoch, key]) => [epoch, blockKeySchedule(key)]))
    const sectorKeys = (of: Bytes, epoch: number) => (equal(of, block) ? (schedules.get(epoch) ?? null) : null)
    return { name, block, body, sectorKeys }
  }

  bodiesOf(block: BlockId): readonly Body[] {
    return bodiesIn(this.#list, block)
  }
}

export const bodiesIn = (list: readonly Kept[], block: BlockId): readonly Body[] =>
  list.flatMap(({ deed }) => {
    const own = bodyOfDeed(deed)
    return own !== null && equal(own.block, block) ? [own.body] : []
  })

const gone = refused('itemGone', 'This is not in quarantine any more.')
