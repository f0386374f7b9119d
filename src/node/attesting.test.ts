import { expect, test } from 'vitest'
import { type Bytes, toHex } from '../core/bytes/bytes.ts'
import { ed25519Message, principalOf, signEd25519, verifyClaim } from '../core/crypto/crypto.ts'
import type { ControlBody } from '../core/message/message.ts'
import { emptyConfiguration } from '../core/raft/raft.ts'
import { rootBlockId } from '../core/path/path.ts'
import {
  type Equivocation,
  type Statement,
  type TreeState,
  attestationDomain,
  attestationOf,
  inOrder,
  statementBody,
  statementOf,
} from '../core/tree/tree.ts'
import {
  type Person,
  alice,
  change,
  commit,
  founded,
  id,
  mallory,
  newDirectory,
  person,
  root,
  treeId,
  withDevice,
} from '../core/tree/testing/forest.ts'
import { drain } from '../sim/testing/drain.ts'
import { Attesting, type AttestingOptions } from './attesting.ts'

const [phone, desk] = [person(3), person(4)]
const state = [phone, desk].reduce((grown, one) => withDevice(grown, one), founded())
/** What a device has that folded something else. */
const other = commit(state, [change(newDirectory(root, id(1)))]).state
const clusterId = rootBlockId(treeId)
const peer = ({ credential }: Person): string => toHex(principalOf(credential))
const nameOf = (one: Person): string => `${peer(one)}-00`
const logPlace = {
  ...{ term: 2, index: 7, votersOutgoing: [] },
  voters: inOrder([alice, phone, desk].map(({ credential }) => principalOf(credential))),
}
const statement = statementOf(state, clusterId, logPlace)!
const signature = ({ secret }: Person, said: Statement): Bytes =>
  signEd25519(secret, ed25519Message(attestationDomain, statementBody(said)))
const signed = (people: readonly Person[], said: Statement = statement) =>
  attestationOf(
    said,
    people.map((one) => ({ voter: principalOf(one.credential), signature: signature(one, said) })),
  )

/** A device at an entry of the log, which `alice`, `phone` and `desk` decide about. */
function at(index: number, own: TreeState, { is = phone, leads = false, signs = phone } = {}) {
  const timers: (() => void)[] = []
  const sent: { readonly to: string; readonly body: ControlBody }[] = []
  const accused: Bytes[] = []
  const rows = new Map<string, Bytes>()
  const place = { index, state: own, leads, checkpointIndex: undefined as number | undefined, nowMs: 0 }
  const identity = { nodeId: nameOf(is), generation: statement.generation }
  const options = {
    platform: {
      clock: {
        nowMs: () => 2000,
        monotonicMs: () => place.nowMs,
        after: (_delayMs: number, work: () => void) => (timers.push(work), () => {}),
      },
      crypto: { verify: async (claims: readonly Parameters<typeof verifyClaim>[0][]) => claims.map(verifyClaim) },
      store: {
        read: async (_table: string, key: Bytes) => rows.get(toHex(key)) ?? null,
        write: async (changes: readonly { key: Bytes; value: Bytes }[]) =>
          changes.forEach(({ key, value }) => rows.set(toHex(key), value)),
      },
    },
    sign: async (message: Bytes) => signEd25519((is === phone ? signs : is).secret, message),
    place: { treeId, clusterId },
    cluster: {
      identity,
      members: {
        configuration: { ...emptyConfiguration, voters: [alice, phone, desk].map(nameOf) },
        leader: nameOf(alice),
      },
      get state() {
        return place.state
      },
      get base() {
        return { index: place.index, term: 2, configuration: this.members.configuration }
      },
      get checkpoint() {
        return { base: { ...this.base, index: place.checkpointIndex ?? place.index }, map: place.state.map }
      },
      get position() {
        return { term: 2, isLeader: place.leads, appliedIndex: place.index }
      },
    },
    principal: peer(is),
    peers: () => [alice, phone, desk].map(peer).filter((one) => one !== peer(is)),
    send: (to: string, body: ControlBody) => sent.push({ to, body }) > 0,
    onEquivocations: (proofs: readonly Equivocation[]) => accused.push(...proofs.map(({ signingKey }) => signingKey)),
  } as unknown as AttestingOptions
  const attesting = new Attesting(options)
  const quiet = () => timers.at(-1)!()
  const settle = drain
  const told = (tag: ControlBody['tag']) => sent.filter(({ body }) => body.tag === tag)
  return { attesting, place, identity, options, quiet, settle, told, accused }
}

test('a voter signs what it has at that entry, and at no other', async () => {
  const here = at(7, state)
  here.attesting.onAttest(peer(alice), 7)
  await here.settle()
  expect(here.told('vouch')).toEqual([
    { to: peer(alice), body: { tag: 'vouch', value: { index: 7, signature: signature(phone, statement) } } },
  ])
  const further = at(8, other)
  further.attesting.onAttest(peer(alice), 7)
  await further.settle()
  expect(further.told('vouch')).toEqual([])
  const behind = at(6, founded())
  behind.attesting.onAttest(peer(alice), 7)
  behind.place.index = 7
  behind.place.state = state
  behind.attesting.onApplied()
  await behind.settle()
  expect(behind.told('vouch')).toHaveLength(1)
})

test('a signature that came out wrong is not sent, nor one that another generation would take for its own', async () => {
  const here = at(7, state, { signs: desk })
  here.attesting.onAttest(peer(alice), 7)
  await here.settle()
  expect(here.told('vouch')).toEqual([])
  const late = at(7, state)
  late.attesting.onAttest(peer(alice), 7)
  late.identity.generation++
  await late.settle()
  expect(late.told('vouch')).toEqual([])
})

test('a voter that comes back signs no second state for an entry, nor one for an earlier entry', async () => {
  const here = at(7, state)
  here.attesting.onAttest(peer(alice), 7)
  await here.settle()
  const ask = async (index: number, own: TreeState) => {
    Object.assign(here.place, { index, state: own })
    new Attesting(here.options).onAttest(peer(alice), index)
    await here.settle()
    return here.told('vouch').length
  }
  expect(await ask(7, other)).toBe(1)
  expect(await ask(6, state)).toBe(1)
  expect(await ask(7, state)).toBe(2)
  expect(await ask(8, other)).toBe(3)
  expect(await ask(7, state)).toBe(3)
})

test('what could not be remembered is not signed', async () => {
  const here = at(7, state)
  let isWritten = (): void => {}
  const written = new Promise<void>((resolve) => (isWritten = resolve))
  here.options.platform.store.write = () => written
  here.attesting.onAttest(peer(alice), 7)
  await here.settle()
  expect(here.told('vouch')).toEqual([])
  isWritten()
  await here.settle()
  expect(here.told('vouch')).toHaveLength(1)
  here.options.platform.store.write = () => Promise.reject(new Error('the disk is full'))
  here.place.index = 8
  here.attesting.onAttest(peer(alice), 8)
  await here.settle()
  expect(here.told('vouch')).toHaveLength(1)
})

test('nobody but the leader names an entry', async () => {
  const here = at(7, state)
  here.attesting.onAttest(peer(desk), 7)
  await here.settle()
  expect(here.told('vouch')).toEqual([])
})

test('what was lost is asked for again when a device is back', () => {
  const leader = at(7, state, { is: alice, leads: true })
  leader.quiet()
  leader.attesting.onUp(peer(desk))
  leader.quiet()
  expect(leader.told('attest')).toHaveLength(4)
})

test('a new generation begins with nothing that was asked in the one before', async () => {
  const here = at(6, state)
  here.attesting.onAttest(peer(alice), 7)
  await here.attesting.onAttested(peer(alice), signed([alice, desk]))
  here.identity.generation++
  here.place.index = 7
  here.attesting.onApplied()
  await here.settle()
  expect(here.told('vouch')).toEqual([])
  expect(here.attesting.newest).toBeNull()
})

test('the leader asks when nothing comes any more, counts to a majority, and tells it', async () => {
  const leader = at(7, state, { is: alice, leads: true })
  leader.quiet()
  expect(leader.told('attest').map(({ to }) => to)).toEqual([peer(phone), peer(desk)])
  await leader.settle()
  expect(leader.attesting.newest).toBeNull()
  expect(await leader.attesting.onVouch(peer(phone), 7, signature(phone, statement))).toMatchObject({ ok: true })
  expect(leader.attesting.newest).toMatchObject({ agrees: true, attestation: { votes: { length: 2 } } })
  expect(leader.told('attested')).toHaveLength(2)
  await leader.attesting.onVouch(peer(desk), 7, signature(desk, statement))
  expect(leader.attesting.newest?.attestation.votes).toHaveLength(3)
  // What is signed already is not asked for again.
  leader.quiet()
  expect(leader.told('attest')).toHaveLength(2)
})

test('a voter with another state is not counted, and the connection to it ends', async () => {
  const leader = at(7, state, { is: alice, leads: true })
  leader.quiet()
  await leader.settle()
  const said = statementOf(other, clusterId, logPlace)!
  expect(await leader.attesting.onVouch(peer(desk), 7, signature(desk, said))).toMatchObject({
    ok: false,
    fault: { code: 'vouchContradicts' },
  })
  // One that does not vote is nobody.
  expect(await leader.attesting.onVouch(peer(mallory), 7, signature(mallory, statement))).toMatchObject({ ok: true })
  expect(leader.attesting.newest).toBeNull()
})

test('a majority that has another state is told of, whether it is heard before or after', async () => {
  const here = at(7, other)
  // Whoever brings it may have nothing to do with it.
  expect(await here.attesting.onAttested(peer(desk), signed([alice, desk]))).toMatchObject({ ok: true })
  expect(here.attesting.newest?.agrees).toBe(false)
  // Started again when it is further.
  here.place.index = 9
  const again = new Attesting(here.options)
  await here.settle()
  expect(again.newest?.agrees).toBe(false)
  const behind = at(6, state)
  expect(await behind.attesting.onAttested(peer(alice), signed([alice, desk]))).toMatchObject({ ok: true })
  expect(behind.attesting.newest).toBeNull()
  behind.place.index = 7
  behind.place.state = other
  behind.attesting.onApplied()
  expect(behind.attesting.newest?.agrees).toBe(false)
})

test('who signs two states for one entry is accused of it, and not who brings that', async () => {
  const here = at(7, state)
  await here.attesting.onAttested(peer(alice), signed([alice, desk]))
  const said = statementOf(other, clusterId, logPlace)!
  expect(await here.attesting.onAttested(peer(desk), signed([alice, phone], said))).toMatchObject({ ok: true })
  expect(here.accused).toEqual([alice.credential.signingKey])
  expect(here.attesting.newest).toMatchObject({ agrees: true, attestation: { body: statementBody(statement) } })
  // Also when more has come since.
  await here.attesting.onAttested(peer(alice), signed([alice, desk], { ...statement, index: 8 }))
  await here.attesting.onAttested(peer(desk), signed([desk, phone], said))
  expect(here.accused).toEqual([alice, desk].map(({ credential }) => credential.signingKey))
  // What is not signed accuses nobody.
  const { votes } = signed([alice, desk])
  await here.attesting.onAttested(peer(desk), attestationOf(said, votes))
  expect(here.accused).toHaveLength(2)
})

test('a state that was signed can be given to others, also after a restart where it lies here', async () => {
  const here = at(7, state)
  expect(here.attesting.state).toBeNull()
  await here.attesting.onAttested(peer(alice), signed([alice, desk]))
  expect(here.attesting.state).toMatchObject({ base: { index: 7 }, map: state.map })
  const again = new Attesting(here.options)
  await here.settle()
  expect(again.state).toMatchObject({ base: { index: 7 }, map: state.map })
  // What lies here is another one by now.
  here.place.index = 8
  const later = new Attesting(here.options)
  await here.settle()
  expect(later.newest).not.toBeNull()
  expect(later.state).toBeNull()
  // An earlier one lies here, and the log leads on to it, at once or when the leader has come.
  here.place.checkpointIndex = 5
  here.place.index = 6
  const behind = new Attesting(here.options)
  await here.settle()
  expect(behind.state).toBeNull()
  here.place.index = 7
  behind.onApplied()
  const led = new Attesting(here.options)
  await here.settle()
  for (const { state: found } of [behind, led]) expect(found).toMatchObject({ base: { index: 7 }, map: state.map })
  here.identity.generation++
  expect(here.attesting.state).toBeNull()
})

test('what is short of a majority, of another generation, or not signed is not believed', async () => {
  const here = at(7, state)
  await here.attesting.onAttested(peer(alice), signed([alice]))
  await here.attesting.onAttested(
    peer(alice),
    signed([alice, desk], { ...statement, generation: statement.generation + 1 }),
  )
  const { votes } = signed([alice, desk])
  const forged = attestationOf(
    statement,
    votes.map((vote) => ({ ...vote, signature: new Uint8Array(64) })),
  )
  expect(await here.attesting.onAttested(peer(alice), forged)).toMatchObject({ ok: false })
  expect(here.attesting.newest).toBeNull()
  await here.attesting.onAttested(peer(alice), signed([alice, desk]))
  expect(here.attesting.newest).toMatchObject({ agrees: true })
})

test('where somebody waits for an attested state, an entry a little ahead is named, once', () => {
  const leader = at(7, state, { is: alice, leads: true })
  leader.attesting.want()
  leader.attesting.want()
  leader.place.index = 14
  leader.attesting.want()
  expect(leader.told('attest').map(({ body }) => body.value)).toEqual([{ index: 15 }, { index: 15 }])
  // What was asked is answered before something else is.
  leader.place.index = 16
  leader.attesting.want()
  expect(leader.told('attest')).toHaveLength(2)
  leader.place.nowMs += 2000
  leader.attesting.want()
  expect(leader.told('attest')).toHaveLength(4)
  leader.place.nowMs += 2000
  leader.place.index = 24
  leader.attesting.want()
  expect(leader.told('attest')).toHaveLength(4)
  const follower = at(7, state)
  follower.attesting.want()
  expect(follower.told('attest')).toEqual([])
})

test('the newest entry is named until it is attested, while somebody is there', () => {
  const leader = at(7, state, { is: alice, leads: true })
  leader.quiet()
  leader.quiet()
  expect(leader.told('attest').map(({ body }) => body.value)).toEqual([7, 7, 7, 7].map((index) => ({ index })))
})

test('under a load without a pause an entry ahead is named', () => {
  const leader = at(7, state, { is: alice, leads: true })
  leader.place.index = 1030
  leader.attesting.onApplied()
  expect(leader.told('attest')[0]?.body).toEqual({ tag: 'attest', value: { index: 1094 } })
  leader.place.index = 1031
  leader.attesting.onApplied()
  expect(leader.told('attest')).toHaveLength(2)
})
