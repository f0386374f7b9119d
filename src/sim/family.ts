/**
 * A family of simulated devices that share one tree: the first plants it, the others are let in by the recovery card, as a person
 * does it once; then they live under one network.
 * @module
 */
import { must } from '../core/bytes/bytes.ts'
import { writecapBody, writecapDomain, allRights } from '../core/cap/cap.ts'
import { ed25519Message, principalOf, entropyFromWords, recoveryFromEntropy } from '../core/crypto/crypto.ts'
import { type TreeId, rootPath } from '../core/path/path.ts'
import { deviceBody, deviceDomain, signedDevice } from '../core/tree/tree.ts'
import { rootSignedWritecap, signedByRecoveryKey } from '../node/founding.ts'
import type { DeviceChoice, Inviting, Joining } from '../node/api.ts'
import type { Life, SimDevice } from './device.ts'

/** Plants a tree on a device. @returns the words of its card */
export async function plant({ node: { api } }: Life): Promise<readonly string[]> {
  const { plantingId, words, askedPositions } = await api.beginPlanting('Ada', 'Laptop', null)
  await api.confirmCard(
    plantingId,
    askedPositions.map((position) => words[position]!),
  )
  await api.finishPlanting('plant', plantingId, null)
  return words
}

/** Lets one device into the tree of another, approved by the card. Resolves when the newcomer can read the tree. */
export async function letIn(host: Life, guest: Life, ...rest: Tail<Parameters<typeof admit>>): Promise<void> {
  await admit(host, ...rest)
  await guest.node.membership.join(await host.node.membership.address())
}
type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never

/** Takes one device into the tree of another, approved by the card, before it knows of it. */
export async function admit(
  host: Life,
  guestDevice: SimDevice,
  treeId: TreeId,
  words: readonly string[],
  nowMs: number,
  name = 'Guest',
): Promise<void> {
  const { membership } = host.node
  const keys = await guestDevice.keys.node()
  const fields = membership.introduce(keys.credential, await guestDevice.keys.transportId(), name)
  const body = deviceBody(fields)
  const signature = await keys.sign(ed25519Message(deviceDomain, body))
  const granted = writecapBody({
    scope: rootPath(treeId),
    holder: principalOf(keys.credential),
    rights: allRights,
    expiresAtMs: nowMs + yearMs,
    issuer: { tag: 'root', value: { setHash: treeId } },
  })
  const recovery = recoveryFromEntropy(must(entropyFromWords(words)))
  const writecap = rootSignedWritecap(granted, signedByRecoveryKey(recovery, writecapDomain, granted))
  await membership.admit(signedDevice(fields, body, signature), writecap)
}

/** How a course of several devices is waited for. */
export interface Waiting {
  run<T>(life: Life, work: Promise<T>): Promise<T>
  until(what: string, isTrue: () => boolean): Promise<void>
}

/**
 * Lets a newcomer in by the calls of the pages.
 * @param afterwards done when the root has signed
 * @returns whether it has joined
 */
export async function letInByCode(
  { run, until }: Waiting,
  host: Life,
  { life, name }: { readonly life: Life; readonly name: string },
  words: readonly string[],
  choice: DeviceChoice,
  afterwards = () => Promise.resolve(),
): Promise<boolean> {
  let inviting: Inviting | null = null
  let joining: Joining | null = null
  const isAt = (one: Inviting['stage'], other?: Joining['stage']): boolean =>
    inviting?.stage === one && (other === undefined || joining?.stage === other)
  const watchId = await run(
    host,
    host.node.api.watch((event) => {
      if (event.kind === 'inviting') inviting = event.inviting
    }),
  )
  await run(
    life,
    life.node.api.watch((event) => {
      if (event.kind === 'joining') joining = event.joining
    }),
  )
  await run(host, host.node.api.invite())
  const code = (inviting as Inviting | null)?.stage === 'code' ? (inviting as unknown as { code: string }).code : ''
  await run(life, life.node.api.join(code, name))
  await until('the question whose tree it is', () => joining?.stage === 'confirm')
  await run(life, life.node.api.confirmJoining())
  await until('digits', () => isAt('digits', 'digits'))
  await run(host, host.node.api.typeDigits((joining as unknown as { digits: string }).digits))
  await until('the question what it may', () => isAt('approval'))
  await run(host, host.node.api.choose(choice))
  await run(host, host.node.api.approve(words))
  await afterwards()
  const ends = ['admitted', 'joined', 'ended']
  await until('the end', () => [inviting, joining].every((side) => ends.includes(side?.stage ?? '')))
  await run(host, host.node.api.unwatch(watchId))
  return isAt('admitted', 'joined')
}

const yearMs = 365 * 24 * 60 * 60 * 1000
