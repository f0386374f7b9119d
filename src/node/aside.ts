/**
 * What was kept on a device before it joined a tree: set aside, in this browser alone, until its owner says whether it comes along
 * (design §10). Nothing of it is lost before that, and each file can be read.
 * @module
 */
import type { TreeId } from '../core/path/path.ts'
import type { AsideFile, TreeStatus } from './api.ts'
import { OwnTree, type TreeOptions } from './own-tree.ts'
import { bodyOf, readContent } from './read/content.ts'
import { mediaTypeOf } from './read/media-type.ts'
import type { Streams } from './read/streams.ts'
import { TreeView, idFromText } from './read/view.ts'

export class Aside {
  readonly files: readonly AsideFile[]
  readonly #tree: OwnTree

  private constructor(tree: OwnTree, streams: Streams) {
    this.#tree = tree
    const view = new TreeView(tree.state, tree.ring, [])
    this.files = [...view.items.values()]
      .filter(({ id, kind }) => kind === 'file' && !view.isTrashed(id))
      .map(({ id, name, sizeBytes }) => {
        const block = idFromText(id)!
        const body = bodyOf(tree.state, block)!
        const offerId = `aside-${id}`
        const open = () => readContent(tree.reading, block, body, 0, sizeBytes)
        streams.offer(offerId, { name, mediaType: mediaTypeOf(name), sizeBytes, open })
        return { id: offerId, name, sizeBytes }
      })
  }

  /** null where this device does not hold it. */
  static async open(options: TreeOptions, streams: Streams): Promise<Aside | null> {
    const tree = await OwnTree.open(options)
    return tree === null ? null : new Aside(tree, streams)
  }

  get treeId(): TreeId {
    return this.#tree.treeId
  }

  get summary(): NonNullable<TreeStatus['aside']> {
    const sizeBytes = this.files.reduce((sum, file) => sum + file.sizeBytes, 0)
    return { fileCount: this.files.length, sizeBytes }
  }

  async close(): Promise<void> {
    await this.#tree.close()
    this.#tree.ring.close()
  }
}
