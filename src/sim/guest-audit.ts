/**
 * What may never be so on the disk of a guest, whatever happens to it: read off every write that takes effect there.
 *
 * Of a tree it is given nothing that stands beside its folder and the way there, and nothing any more after it was put out. Nothing
 * that was made after that is under a key that it knows.
 * @module
 */
import { type Bytes, equal } from '../core/bytes/bytes.ts'
import type { TreeId } from '../core/path/path.ts'
import { type TreeState, contentOf, decodeRow, entryOf, rowKind } from '../core/tree/tree.ts'
import { blockIdOf, blockIdSizeBytes } from '../core/path/path.ts'
import { placePrefixSizeBytes } from '../node/place.ts'
import { idFromText, idText } from '../node/read/view.ts'
import type { Findings } from './checker.ts'
import type { Disk } from './disk.ts'

export class GuestAudit {
  /** Blocks of which it was given a name, and those of which a content or a key, by their ids. */
  readonly #named = new Set<string>()
  readonly #given = new Set<string>()
  /** The newest key of a block that it was given. */
  readonly #keyEpochs = new Map<string, number>()
  #isOut = false
  #lateCount = 0

  constructor(treeId: TreeId, disk: Disk) {
    disk.observe((changes) => {
      for (const change of changes)
        if (change.kind === 'put' && equal(change.key.subarray(0, treeId.length), treeId))
          this.#onPut(change.table, change.key.slice(placePrefixSizeBytes), change.value)
    })
  }

  #onPut(table: string, key: Bytes, value: Bytes): void {
    const isRecord = key[0] === rowKind.entry || key[0] === rowKind.content || key[0] === rowKind.access
    if (table !== 'object' && !(table === 'state' && isRecord)) return
    if (this.#isOut) this.#lateCount++
    if (table === 'object') return void this.#given.add(idText(key.slice(0, blockIdSizeBytes)))
    if (key[0] === rowKind.entry) return void this.#named.add(idText(key.slice(1 + blockIdSizeBytes)))
    const id = idText(key.slice(1))
    this.#given.add(id)
    if (key[0] !== rowKind.access) return
    const { keyEpoch } = decodeRow('access', value).fields
    this.#keyEpochs.set(id, Math.max(keyEpoch, this.#keyEpochs.get(id) ?? 0))
  }

  /** It was put out and knows it. */
  left(): void {
    this.#isOut = true
  }

  /**
   * @param inside ids of all that is or was in its folder, which nothing leaves, and of the folder
   * @param above those of the folders on the way there
   */
  judge(inside: ReadonlySet<string>, above: ReadonlySet<string>): Findings {
    const findings: string[] = []
    for (const id of this.#given) if (!inside.has(id)) findings.push(`was given ${id}, which is not in its folder`)
    for (const id of this.#named)
      if (!inside.has(id) && !above.has(id)) findings.push(`was told of ${id}, which is not in its folder`)
    if (this.#lateCount > 0) findings.push(`was given ${this.#lateCount} rows after it had been put out`)
    return findings
  }

  /** @param since what was written and named after it was put out, in the tree as that is now */
  judgeKeys(state: TreeState, { written, named }: Since): Findings {
    const findings: string[] = []
    const isKnown = (id: string, keyEpoch: number): boolean => keyEpoch <= (this.#keyEpochs.get(id) ?? 0)
    for (const id of written) {
      const content = contentOf(state, idFromText(id)!)?.content.fields
      if (content !== undefined && isKnown(id, content.keyEpoch))
        findings.push(`has the key of the new content of ${id}`)
    }
    for (const id of named) {
      const entry = entryOf(state, idFromText(id)!)?.entry.fields
      if (entry !== undefined && isKnown(idText(blockIdOf(entry.parent)), entry.nameKeyEpoch))
        findings.push(`has the key of the new name of ${id}`)
    }
    return findings
  }
}

/** Ids of what got a new content, and of what got a name, after a guest was put out. */
export interface Since {
  readonly written: Set<string>
  readonly named: Set<string>
}
