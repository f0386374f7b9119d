/**
 * Sharing between two families: what one owner does on one of his devices, and another on one of his, so that a folder of the first
 * is a link in the tree of the second.
 * @module
 */
import type { Inviting, Joining } from '../../node/api.ts'
import type { Life } from '../device.ts'
import { type Family } from './family.ts'

const dayMs = 24 * 60 * 60 * 1000

/** @returns the id of the link in the tree of who takes it */
export async function share(owner: Family, host: Life, folderId: string, taker: Life): Promise<string> {
  const joining = await shareUntilTold(owner, host, { folderId }, taker)
  if (joining.stage !== 'kept') throw new Error(`it ended: ${joining.stage === 'ended' ? joining.code : joining.stage}`)
  return joining.linkId
}

/** @returns how it ended for who takes it */
export async function shareUntilTold(
  owner: Family,
  host: Life,
  { folderId, mayWrite = false }: { readonly folderId: string; readonly mayWrite?: boolean },
  taker: Life,
): Promise<Joining> {
  let inviting: Inviting | null = null
  let joining: Joining | null = null
  const [atHost, atTaker] = [
    await owner.run(
      host,
      host.node.api.watch((event) => {
        if (event.kind === 'inviting') inviting = event.inviting
      }),
    ),
    await owner.run(
      taker,
      taker.node.api.watch((event) => {
        if (event.kind === 'joining') joining = event.joining
      }),
    ),
  ]
  await owner.run(host, host.node.api.invite())
  const { code } = inviting as unknown as { code: string }
  await owner.run(taker, taker.node.api.join(code, 'Ben’s tree'))
  await owner.until('the question whose folder it is', () => joining?.stage === 'confirm')
  await owner.run(taker, taker.node.api.confirmJoining())
  await owner.until('digits', () => inviting?.stage === 'digits' && joining?.stage === 'digits')
  await owner.run(host, host.node.api.typeDigits((joining as unknown as { digits: string }).digits))
  await owner.until('the question what it may', () => inviting?.stage === 'approval')
  const expiresAtMs = owner.nowMs + 7 * dayMs
  await owner.run(host, host.node.api.choose({ kind: 'limited', folderId, mayWrite, expiresAtMs }))
  try {
    await owner.run(host, host.node.api.approve(owner.words))
  } catch (error) {
    await owner.run(host, host.node.api.endInviting())
    throw error
  }
  await owner.until('the end', () => joining?.stage === 'kept' || joining?.stage === 'ended')
  await owner.run(host, host.node.api.unwatch(atHost))
  await owner.run(taker, taker.node.api.unwatch(atTaker))
  return joining!
}
