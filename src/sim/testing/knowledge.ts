/**
 * What the devices of a family can know: the tree as it is in the log, and what their keys open in it.
 * @module
 */
import { type Bytes, fromHex, must } from '../../core/bytes/bytes.ts'
import { trusted } from '../../core/cap/cap.ts'
import { type TreeState, decodeBatch, foldBatch } from '../../core/tree/tree.ts'
import { placeOf } from '../../node/own-tree.ts'
import { readHeldState } from '../../node/read/held-state.ts'
import type { Life } from '../device.ts'
import { type Keys, isContentOpenedBy, isNameOpenedBy, keysWithin as allKeysWithin } from '../knowledge.ts'
import type { Family } from './family.ts'

const placeIn = (life: Life) => placeOf(fromHex(life.page.tree.treeId)!)
/** With all that is in the log, which is certain to stay where nothing is under way. */
export async function stateOf(family: Family, life: Life): Promise<TreeState> {
  const { state, checkpoint, entries: log } = (await family.scheduler.run(readHeldState(life.store, placeIn(life))))!
  const batches = log.flatMap((entry) => (entry.index > checkpoint.index && entry.kind === 'command' ? [entry] : []))
  return batches.reduce((folded, { data }) => {
    const batch = data.length === 0 ? null : must(decodeBatch(data as Bytes))
    return batch === null ? folded : foldBatch(folded, trusted(batch)).state
  }, state)
}

/** All keys that a device can have which has some keys already, and a whole tree to look for more. */
export const keysWithin = async (family: Family, at: number, state: TreeState, known: Keys): Promise<Keys> =>
  allKeysWithin(await family.devices[at]!.keys.node(), state, known)

/** Whether one of the keys opens the content, or the name, of a block. */
export const isOpenedBy = async (found: Keys, { store }: Life, state: TreeState, id: string) => ({
  isNameOpen: isNameOpenedBy(found, state, id),
  isContentOpen: await isContentOpenedBy(found, store, state, id),
})
