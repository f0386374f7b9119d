/**
 * Content without a node, as a source like the node's: streams by id over generators.
 * @module
 */
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { ContentHead } from '../../node/api.ts'
import type { ContentSource } from './content.ts'

export interface HeldContent extends Omit<ContentHead, 'streamId'> {
  readonly pieces: AsyncGenerator<Uint8Array>
}

/** @param open opens a file at a half open range */
export function heldSource(
  open: (id: string, startByte?: number, endByte?: number) => Promise<HeldContent>,
): ContentSource {
  const streams = new Map<string, AsyncGenerator<Uint8Array>>()
  return {
    mayBeStale: true,
    async openContent(...range) {
      const { pieces, ...head } = await open(...range)
      const streamId = crypto.randomUUID()
      streams.set(streamId, pieces)
      return { ...head, streamId }
    },
    async nextChunk(streamId) {
      const pieces = streams.get(streamId)
      if (!pieces) throw new BlocktreeError('streamClosed', 'Reading was interrupted; open the file again.')
      const { done, value } = await pieces.next()
      if (!done) return value
      streams.delete(streamId)
      return null
    },
    async closeContent(streamId) {
      await streams.get(streamId)?.return(undefined)
      streams.delete(streamId)
    },
  }
}
