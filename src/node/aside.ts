/**
 * What was kept on a device before another tree became its own: set aside, in this browser alone, until its owner says whether it
 * comes along (design §10), or because it could not come. Nothing of it is lost before that, and each file can be read.
 * @module
 */
import { type BlocktreeError, keyOf } from '../core/bytes/bytes.ts'
import type { TreeId } from '../core/path/path.ts'
import type { AsideFile, TreeStatus } from './api.ts'
import { readMoved } from './move-in.ts'
import { OwnTree, type TreeOptions } from './own-tree.ts'
import { bodyOf, readContent } from './read/content.ts'
import { mediaTypeOf } from './read/media-type.ts'
import type { Streams } from './read/streams.ts'
import { TreeView, idFromText } from './read/view.ts'

export class Aside {
  readonly files: readonly AsideFile[]
  readonly #tree: OwnTree
  readonly #trouble: BlocktreeError | null

  private constructor(tree: OwnTree, moved: ReadonlySet<string>, streams: Streams, trouble: BlocktreeError | null) {
    this.#tree = tree
    this.#trouble = trouble
    const view = new TreeView(tree.state, tree.ring, [])
    this.files = [...view.items.values()]
      .filter(({ id, kind }) => kind === 'file' && !view.isTrashed(id) && !moved.has(keyOf(idFromText(id)!)))
      .map(({ id, name, sizeBytes }) => {
        const block = idFromText(id)!
        const body = bodyOf(tree.state, block)!
        const offerId = `aside-${id}`
        const open = () => readContent(tree.reading, block, body, 0, sizeBytes)
        streams.offer(offerId, { name, mediaType: mediaTypeOf(name), sizeBytes, open })
        return { id: offerId, name, sizeBytes }
      })
  }

  /** null where this device does not hold it. @param trouble why it could not come into the tree, where it was to */
  static async open(options: TreeOptions, streams: Streams, trouble: BlocktreeError | null): Promise<Aside | null> {
    const tree = await OwnTree.open(options)
    if (tree === null) return null
    return new Aside(tree, await readMoved(options.platform.store, options.treeId), streams, trouble)
  }

  get treeId(): TreeId {
    return this.#tree.treeId
  }

  get summary(): NonNullable<TreeStatus['aside']> {
    const sizeBytes = this.files.reduce((sum, file) => sum + file.sizeBytes, 0)
    return { fileCount: this.files.length, sizeBytes, trouble: this.#trouble?.message ?? null }
  }

  async close(): Promise<void> {
    await this.#tree.close()
    this.#tree.ring.close()
  }
}
