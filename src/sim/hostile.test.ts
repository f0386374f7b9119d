/**
 * Devices of bad faith that have the keys of the one that decides, or of one that was put out. What they tell is refused, and their
 * owner hears of it; the tree here stays as it was.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, bytesOf, encode, fromHex, must, nullable, record, u53 } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  credentialSetHash,
  ed25519Message,
  entropyFromWords,
  principalOf,
  recoveryFromEntropy,
} from '../core/crypto/crypto.ts'
import { type SignedRecord, objectIdSizeBytes } from '../core/block/block.ts'
import { trusted } from '../core/cap/cap.ts'
import { type AuthenticatedMap, entries, get, remove, root, set } from '../core/merkle/merkle.ts'
import type { Answer, Question, SentMessage } from '../core/message/message.ts'
import type { Entry } from '../core/raft/raft.ts'
import { childPath, rootBlockId, rootPath } from '../core/path/path.ts'
import {
  type Attestation,
  type LogPlace,
  type Operation,
  type SetChange,
  type SetStep,
  type Summary,
  type TakeOverBody,
  type TakeOverRow,
  type TreeState,
  attestationDomain,
  attestationOf,
  contentOf,
  deviceOf,
  encodeBatch,
  encodeRow,
  entryOf,
  excerptFor,
  foldBatch,
  inOrder,
  keys,
  noRevocation,
  readRow,
  setChangeBody,
  setChangeDomain,
  setOf,
  statementBody,
  statementOf,
  summaryOf,
  takeOverBodyWire,
  takeOverDomain,
  takeOverIn,
  wrapsHash,
} from '../core/tree/tree.ts'
import { Author } from '../node/author.ts'
import { rowsAfter, snapshotOf } from '../node/cluster/snapshots.ts'
import { signedByRecoveryKey } from '../node/founding.ts'
import { placeOf } from '../node/own-tree.ts'
import { owingBlocks } from '../node/removal.ts'
import { readHeldState } from '../node/read/held-state.ts'
import { idFromText } from '../node/read/view.ts'
import type { Life, SimDevice } from './device.ts'
import { changeOf } from './testing/change.ts'
import { Family, content, standing, takeOver } from './testing/family.ts'
import { Guest } from './testing/guest.ts'
import { stateOf } from './testing/knowledge.ts'
import { Rogue, farewellBy } from './testing/rogue.ts'

const hourMs = 60 * 60 * 1000
/** 1 January 2099. */
const year2099Ms = 4_070_908_800_000

/** What a device holds and shows. */
async function allOf(family: Family, life: Life, at: number) {
  const { stateRoot } = await family.run(life, life.node.api.storage())
  const objects = [...family.devices[at]!.disk.rows('object', new Uint8Array())].map(({ key }) => String(key))
  return { stateRoot, objects, items: [...life.page.items.values()] }
}

/** What a device tells its owner about another one. */
async function reportAt(family: Family, life: Life, about: string) {
  const lines = await family.run(life, life.node.api.devices())
  return lines.find(({ principal }) => principal === about)?.report ?? null
}

/** Whether a device is connected with another one. */
function isWith(life: Life, { page }: Life): boolean {
  const other = page.tree.principal.replaceAll(' ', '')
  return standing(life).peers.some(({ id, path }) => id === other && path !== null)
}

/** Does something, and waits until its owner is told of it, in a sentence. */
async function untilReported(family: Family, life: Life, about: string, code: string, deed: () => unknown) {
  const lastMs = (await reportAt(family, life, about))?.atMs ?? 0
  await deed()
  await untilTold(family, life, about, code, lastMs)
}

/** Waits until an owner is told of something, in a sentence. */
async function untilTold(family: Family, life: Life, about: string, code: string, sinceMs = 0) {
  const endMs = family.scheduler.nowMs + 10 * 60_000
  for (;;) {
    const report = await reportAt(family, life, about)
    if (report !== null && report.atMs > sinceMs) {
      expect(report).toMatchObject({ code, message: expect.stringMatching(/^[A-Z].*\.$/) })
      return
    }
    if (family.scheduler.nowMs > endMs) throw new Error(`never reported: ${code}`)
    await family.scheduler.run(family.scheduler.sleep(500))
  }
}

/** One of bad faith in the place of a device. */
function rogueAt(family: Family, device: SimDevice, transport: Bytes, of: number): Promise<Rogue> {
  return Rogue.start(family, {
    ...{ device, transport, target: family.lives[of]!, targetTransport: family.transport(of) },
  })
}

/** The device that decides, with another program on it, as one of those that follow hears it. */
class HostileLeader {
  readonly rogue: Rogue
  readonly #from: string
  readonly #to: string
  #last: { readonly index: number; readonly term: number }

  private constructor(rogue: Rogue, from: string, phone: Life) {
    const { nodeId, appliedIndex, term } = standing(phone)
    this.rogue = rogue
    this.#from = from
    this.#to = nodeId
    this.#last = { index: appliedIndex, term }
  }

  static async instead(family: Family, at: number, of: number, ready = () => {}): Promise<HostileLeader> {
    const { nodeId } = standing(family.lives[at]!)
    family.lives[at]!.process.kill()
    ready()
    return HostileLeader.towards(family, at, of, nodeId)
  }

  /** To another one it may say something else. */
  static async towards(family: Family, at: number, of: number, nodeId: string): Promise<HostileLeader> {
    const rogue = await rogueAt(family, family.devices[at]!, family.transport(at), of)
    return new HostileLeader(rogue, nodeId, family.lives[of]!)
  }

  /** What comes next in the log, and is decided. */
  append(...batches: readonly Bytes[]): void {
    const { index, term } = this.#last
    const entries = batches.map((data, at): Entry => ({ kind: 'command', term, index: index + 1 + at, data }))
    const commitIndex = index + batches.length
    this.#say({ kind: 'append', previousIndex: index, previousTerm: term, entries, commitIndex })
  }

  /** What comes next in the log, and stays there. */
  lay(data: Bytes, isDecided: boolean): void {
    const { index, term } = this.#last
    const entries: readonly Entry[] = [{ kind: 'command', term, index: index + 1, data }]
    const commitIndex = isDecided ? index + 1 : 0
    this.#say({ kind: 'append', previousIndex: index, previousTerm: term, entries, commitIndex })
    this.#last = { index: index + 1, term }
  }

  /** What the whole tree is at a later entry of the log. */
  offer(map: AuthenticatedMap, attestation: Attestation | null = null): void {
    const { index, term } = this.#last
    const configuration = {
      ...{ voters: [this.#from], votersOutgoing: [], learners: [this.#to], learnersNext: [], autoLeave: false },
    }
    this.rogue.answer = ({ tag, value }) => (tag === 'rows' ? rowsAfter(map, value.after) : { tag: 'none', value: {} })
    const base = { index: index + 100, term, configuration }
    this.#say({ kind: 'snapshot', snapshot: snapshotOf({ base, map, attestation }) })
  }

  /** Where in the log a state stands that is offered, and who decides there. */
  placeOf(...voters: readonly Bytes[]): LogPlace {
    const { index, term } = this.#last
    return { index: index + 100, term, voters: inOrder(voters), votersOutgoing: [] }
  }

  #say(message: Unaddressed): void {
    const value = { ...message, from: this.#from, to: this.#to, term: this.#last.term } as SentMessage
    this.rogue.say({ tag: 'raft', value })
  }
}
type Unaddressed = SentMessage extends infer M ? (M extends unknown ? Omit<M, 'from' | 'to' | 'term'> : never) : never

/** A letter that was written twice, a note, a folder, and a tablet that was removed; then the laptop, which decides, turns. */
async function scene() {
  const family = await Family.of(1, 'laptop', 'phone', 'tablet')
  const [laptop, phone, tablet] = family.lives as [Life, Life, Life]
  const letter = await family.add(laptop, 'letter', content(100_000))
  const note = await family.add(laptop, 'note', content(300))
  const folder = await family.run(laptop, laptop.node.api.createFolder('f', laptop.page.tree.rootId, 'folder'))
  await family.comeTogether()
  const early = await stateOf(family, laptop)
  await family.write(laptop, letter, content(100_001))
  await family.run(laptop, laptop.node.api.removeDevice('r', tablet.page.tree.principal))
  family.lives.pop()
  tablet.process.kill()
  await family.comeTogether()
  const late = await stateOf(family, laptop)
  expect(owingBlocks(late)).toEqual([])
  const author = new Author(await family.devices[0]!.keys.node(), () => {
    return deviceOf(late, fromHex(laptop.page.tree.principal.replaceAll(' ', ''))!)!.writecapHash
  })
  const gone = fromHex(tablet.page.tree.principal.replaceAll(' ', ''))!
  const leader = await HostileLeader.instead(family, 0, 1)
  const [letterId, noteId, folderId] = [letter, note, folder].map((id) => idFromText(id)!) as [Bytes, Bytes, Bytes]
  const about = laptop.page.tree.principal
  const outcast = new Author(await family.devices[2]!.keys.node(), () => deviceOf(late, gone)!.writecapHash)
  return { family, phone, about, leader, early, late, author, outcast, gone, letterId, noteId, folderId }
}
type Scene = Awaited<ReturnType<typeof scene>>

const withSummary = (state: TreeState, change: Partial<Summary>): AuthenticatedMap =>
  set(state.map, keys.summary, encodeRow('summary', { ...summaryOf(state)!, ...change }))
const rowOf = (state: TreeState, key: Bytes): Bytes => get(state.map, key)!
/** As if it were of later. */
const later = (state: TreeState): AuthenticatedMap => withSummary(state, { stampMs: summaryOf(state)!.stampMs + 1 })

/** The letter with another content of the same version, which its author has signed. */
async function secondLetter({ late, author, letterId }: Scene): Promise<SignedRecord<'content'>> {
  const { content: record } = contentOf(late, letterId)!
  const { author: _, writecapHash: __, ...fields } = record.fields
  return author.sign('content', { ...fields, bodyRoot: new Uint8Array(32).fill(7) })
}

/** The letter as the tablet has written it when it was removed already, in the tree as it might be then. */
async function backdated({ late, outcast, letterId }: Scene): Promise<AuthenticatedMap> {
  const row = contentOf(late, letterId)!
  const { author: _, writecapHash: __, ...fields } = row.content.fields
  const { version, bodyRoot } = fields
  const next = { ...fields, version: version + 1, previousHash: row.content.hash, bodyRoot: bodyRoot.toReversed() }
  return set(
    later(late),
    keys.content(letterId),
    encodeRow('content', { ...row, content: await outcast.sign('content', next) }),
  )
}

/** What devices sign about a state that the laptop offers. */
async function attestedBy(
  { family, late: { treeId }, leader }: Scene,
  map: AuthenticatedMap,
  signers: readonly number[],
  voters: readonly number[] = [0],
): Promise<Attestation> {
  const nodes = await Promise.all(family.devices.map(({ keys }) => keys.node()))
  const principal = (at: number): Bytes => principalOf(nodes[at]!.credential)
  const said = statementOf({ treeId, map }, rootBlockId(treeId), leader.placeOf(...voters.map(principal)))!
  const message = ed25519Message(attestationDomain, statementBody(said))
  const votes = signers.map(async (at) => ({ voter: principal(at), signature: await nodes[at]!.sign(message) }))
  return attestationOf(said, await Promise.all(votes))
}

const bent = ({ statement, votes: [vote] }: Attestation): Attestation =>
  attestationOf(statement, [
    { ...vote!, signature: vote!.signature.map((octet, at) => (at === 9 ? octet ^ 1 : octet)) },
  ])

describe('one that decides and gives a state of the tree that is', () => {
  let place: Scene
  let before: Awaited<ReturnType<typeof allOf>>
  beforeAll(async () => {
    place = await scene()
    before = await allOf(place.family, place.phone, 1)
  }, 60_000)

  const states: readonly (readonly [string, string, (place: Scene) => AuthenticatedMap | Promise<AuthenticatedMap>])[] =
    [
      ['one that was long ago', 'stateOlder', ({ early }) => early.map],
      [
        'the same, dated before',
        'stateOlder',
        ({ late }) => withSummary(late, { stampMs: summaryOf(late)!.stampMs - 1 }),
      ],
      [
        'one that was long ago, dated anew',
        'stateOlder',
        ({ early, late }) => withSummary(early, { stampMs: summaryOf(late)!.stampMs + 1 }),
      ],
      [
        'as it was but for the letter, which is the earlier one',
        'stateOlder',
        ({ early, late, letterId }) => set(late.map, keys.content(letterId), rowOf(early, keys.content(letterId))),
      ],
      [
        'the same but for the root, whose key is the old one',
        'stateOlder',
        ({ early, late }) => {
          const root = keys.access(rootBlockId(late.treeId))
          return set(late.map, root, rowOf(early, root))
        },
      ],
      [
        'the same without a device',
        'stateOlder',
        ({ late, gone }) => remove(withSummary(late, { revocationHead: noRevocation }), keys.device(gone)),
      ],
      [
        'the same without what was put out',
        'revocationWithheld',
        ({ early, late, gone }) =>
          set(withSummary(late, { revocationHead: noRevocation }), keys.device(gone), rowOf(early, keys.device(gone))),
      ],
      [
        'the same, and counts one removal less',
        'stateUnfitting',
        ({ late }) => withSummary(late, { revocationHead: noRevocation }),
      ],
      [
        'another of the same versions',
        'stateForked',
        async (scene) =>
          set(
            scene.late.map,
            keys.content(scene.letterId),
            encodeRow('content', { ...contentOf(scene.late, scene.letterId)!, content: await secondLetter(scene) }),
          ),
      ],
      [
        'one in which nobody signed',
        'stateForged',
        ({ late, letterId }) => {
          const row = contentOf(late, letterId)!
          const signature = { ...row.content.signature, signature: new Uint8Array(64).fill(1) }
          return set(
            later(late),
            keys.content(letterId),
            encodeRow('content', { ...row, content: { ...row.content, signature } }),
          )
        },
      ],
      [
        'one in which a content stands at another block',
        'stateUnfitting',
        ({ late, letterId, noteId }) => set(late.map, keys.content(noteId), rowOf(late, keys.content(letterId))),
      ],
      [
        'one in which a block stands where nobody put it',
        'stateUnfitting',
        ({ late, letterId, folderId }) => {
          const root = rootBlockId(late.treeId)
          const row = encodeRow('entry', entryOf(late, letterId)!)
          const moved = set(remove(late.map, keys.entry(root, letterId)), keys.entry(folderId, letterId), row)
          return set(moved, keys.place(letterId), encodeRow('place', { parent: folderId }))
        },
      ],
      ['of a year that has not come', 'stampAhead', ({ late }) => withSummary(late, { stampMs: year2099Ms })],
    ]
  test.each([
    ['control', 'of another tree', { treeId: new Uint8Array(32).fill(9) }],
    ['bulk', 'of another tree', { treeId: new Uint8Array(32).fill(9) }],
    ['control', 'of another cluster', { clusterId: new Uint8Array(16).fill(9) }],
    ['bulk', 'of another cluster', { clusterId: new Uint8Array(16).fill(9) }],
  ] as const)('what comes on %s %s', async (lane, _, elsewhere) => {
    const { family, phone, about, leader } = place
    await leader.rogue.untilUp()
    const deed = () => leader.rogue.untilDropped(() => leader.rogue.sayElsewhere(lane, elsewhere))
    await untilReported(family, phone, about, 'envelopeForeign', deed)
    expect(await allOf(family, phone, 1)).toEqual(before)
  })

  test.each(states)('%s', async (_, code, map) => {
    const { family, phone, about, leader } = place
    await leader.rogue.untilUp()
    const offered = await map(place)
    await untilReported(family, phone, about, code, () => leader.offer(offered))
    expect(await allOf(family, phone, 1)).toEqual(before)
  })

  const voices: readonly (readonly [
    string,
    string,
    (place: Scene, map: AuthenticatedMap) => Promise<Attestation | null>,
  ])[] = [
    ['by nobody', 'stateUnattested', async () => null],
    ['by one that does not decide', 'attestationShort', (place, map) => attestedBy(place, map, [1])],
    ['by the one that was removed', 'attestationShort', (place, map) => attestedBy(place, map, [2])],
    ['by the one that was removed, as if it decided', 'votersOther', (place, map) => attestedBy(place, map, [2], [2])],
    ['by one of three', 'votersOther', (place, map) => attestedBy(place, map, [0], [0, 1, 2])],
    ['about another state', 'attestationOther', (place) => attestedBy(place, later(place.late), [0])],
    ['with one bit another', 'signatureInvalid', async (place, map) => bent(await attestedBy(place, map, [0]))],
  ]
  test.each(voices)('as it was but for what a removed device wrote, signed %s', async (_, code, voice) => {
    const { family, phone, about, leader } = place
    await leader.rogue.untilUp()
    const map = await backdated(place)
    const attestation = await voice(place, map)
    await untilReported(family, phone, about, code, () => leader.offer(map, attestation))
    expect(await allOf(family, phone, 1)).toEqual(before)
  })

  const stamps: readonly (readonly [string, string, (lastMs: number) => number])[] = [
    ['before what was decided already', 'stampBehind', (lastMs) => lastMs - hourMs],
    ['in a year that has not come', 'stampAhead', () => year2099Ms],
  ]
  test.each(stamps)('right, and goes on %s', async (_, code, stampOf) => {
    const { family, phone, about, leader, late } = place
    await leader.rogue.untilUp()
    const stampMs = stampOf(summaryOf(late)!.stampMs)
    const batch = encodeBatch({ stampMs, operations: [] })
    await untilReported(family, phone, about, code, () => leader.append(batch))
    expect(await allOf(family, phone, 1)).toEqual(before)
  })

  test('right, with what a removed device wrote, and signed by the one that decides: it is taken', async () => {
    const { family, phone, leader } = place
    await leader.rogue.untilUp()
    const map = await backdated(place)
    const attestation = await attestedBy(place, map, [0])
    // After a stamp ahead it goes unheard for a while.
    await family.until('it is taken', () => {
      leader.offer(map, attestation)
      return standing(phone).appliedIndex > 100
    })
  })
})

test('one that was put out is believed no more, though the one that decides keeps that back', async () => {
  const family = await Family.of(2, 'laptop', 'phone', 'desk', 'tablet')
  const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
  const about = tablet.page.tree.principal
  await family.cutOff(2)
  await family.run(laptop, laptop.node.api.removeDevice('r', about))
  await family.until('the phone knows', () => phone.page.tree.deviceCount === 3)
  // The laptop says nothing to the desk from here on.
  laptop.process.kill()
  tablet.process.kill()
  family.rejoin(2, 3)
  const rogue = await rogueAt(family, family.devices[3]!, family.transport(3), 2)
  expect(await rogue.ask({ tag: 'lacks', value: { after: null } })).toMatchObject({ tag: 'lacks' })
  const before = await allOf(family, desk, 2)
  await untilReported(family, desk, about, 'deviceDismissed', () => family.rejoin(1, 2))
  await family.until('it is dropped', () => !rogue.isUp)
  // Also after a restart, when it is the first to come.
  await family.cutOff(2)
  const again = await family.restart(2)
  family.rejoin(2, 3)
  await family.scheduler.run(family.scheduler.sleep(5 * 60_000))
  expect(rogue.isUp).toBe(false)
  expect(await family.run(again, again.node.api.storage())).toMatchObject({ stateRoot: before.stateRoot })
})

test.for([
  ['before another device tells of it', true],
  ['afterwards', false],
] as const)(
  'one that was put out is believed no more, though the one that decides puts out somebody else instead, %s',
  async ([, isBefore]) => {
    const family = await Family.of(7, 'laptop', 'phone', 'desk', 'tablet', 'watch')
    const [laptop, phone, desk, tablet, watch] = family.lives as [Life, Life, Life, Life, Life]
    const about = tablet.page.tree.principal
    const { nodeId } = standing(laptop)
    await family.comeTogether()
    await family.cutOff(2)
    const state = await stateOf(family, desk)
    await family.run(laptop, laptop.node.api.removeDevice('r', about))
    await family.until('the phone knows', () => phone.page.tree.deviceCount === 4)
    for (const { process } of [laptop, tablet, watch]) process.kill()

    const putOutAnother = async (): Promise<void> => {
      family.rejoin(0, 2)
      const leader = await HostileLeader.towards(family, 0, 2, nodeId)
      await leader.rogue.untilUp()
      const other = fromHex(watch.page.tree.principal.replaceAll(' ', ''))!
      const { dismissal } = await farewellBy(family.devices[0]!, state, other)
      const stampMs = summaryOf(state)!.stampMs + 1
      leader.append(encodeBatch({ stampMs, operations: [{ tag: 'dismiss', value: { dismissal } }] }))
      await family.until('the watch is out', () => desk.page.tree.deviceCount === 4)
    }
    if (isBefore) await putOutAnother()
    family.rejoin(2, 3)
    const rogue = await rogueAt(family, family.devices[3]!, family.transport(3), 2)
    await family.until('it is heard', () => rogue.isUp)
    await untilReported(family, desk, about, 'deviceDismissed', () => family.rejoin(1, 2))
    await family.until('it is dropped', () => !rogue.isUp)
    if (!isBefore) await putOutAnother()
    await family.scheduler.run(family.scheduler.sleep(5 * 60_000))
    expect(rogue.isUp).toBe(false)
  },
)

test('one that was put out is believed no more as soon as another one says the same as the one that removed it', async () => {
  const family = await Family.of(5, 'laptop', 'phone', 'desk', 'tablet', 'watch')
  const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
  const about = tablet.page.tree.principal
  await family.cutOff(2)
  await family.run(phone, phone.node.api.removeDevice('r', about))
  await family.until('the watch knows', () => family.lives[4]!.page.tree.deviceCount === 4)
  laptop.process.kill()
  tablet.process.kill()
  family.rejoin(2, 3)
  const rogue = await rogueAt(family, family.devices[3]!, family.transport(3), 2)
  family.rejoin(1, 2)
  await family.until('the phone says so', () => isWith(desk, phone))
  await family.scheduler.run(family.scheduler.sleep(60_000))
  expect(rogue.isUp).toBe(true)
  await untilReported(family, desk, about, 'deviceDismissed', () => family.rejoin(4, 2))
  await family.until('it is dropped', () => !rogue.isUp)
})

test('one that was put out is believed no more, though the time of the one that removed it has ended since', async () => {
  const family = await Family.of(6, 'laptop', 'phone', 'desk', 'tablet')
  const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
  const about = tablet.page.tree.principal
  // Of two that came later the time goes on.
  for (const { wall } of family.devices) wall.jump(200 * 24 * hourMs)
  const later = [await family.letInAlone('watch'), await family.letInAlone('car')]
  await family.comeTogether()
  await family.cutOff(2)
  await family.run(phone, phone.node.api.removeDevice('r', about))
  await family.until('both know', () => later.every(({ page }) => page.tree.deviceCount === 5))
  for (const life of [laptop, phone, tablet]) life.process.kill()
  for (const { wall } of family.devices) wall.jump(166 * 24 * hourMs)
  family.rejoin(2, 3)
  const rogue = await rogueAt(family, family.devices[3]!, family.transport(3), 2)
  family.rejoin(2, 4)
  await family.until('the watch says so', () => isWith(desk, later[0]!))
  await untilReported(family, desk, about, 'deviceDismissed', () => family.rejoin(2, 5))
  await family.until('it is dropped', () => !rogue.isUp)
})

describe('one that says of all the others that they were removed', () => {
  /** The tablet, in the place of which one of bad faith says so to the desk. */
  async function scene(seed: number) {
    const family = await Family.of(seed, 'laptop', 'phone', 'desk', 'tablet')
    await family.comeTogether()
    await family.cutOff(2)
    const lie = async () => {
      const [tablet, desk] = [family.devices[3]!, family.lives[2]!]
      const state = await stateOf(family, desk)
      const others = family.lives.slice(0, 2).map(({ page }) => fromHex(page.tree.principal.replaceAll(' ', ''))!)
      const value = await Promise.all(others.map((other) => farewellBy(tablet, state, other)))
      family.lives[3]!.process.kill()
      family.rejoin(2, 3)
      let wasAsked = false
      const rogue = await Rogue.start(family, {
        ...{ device: tablet, transport: family.transport(3), target: desk, targetTransport: family.transport(2) },
        revocationHead: { sequence: 1e6, hash: new Uint8Array(32).fill(1) },
        answer: ({ tag }) => {
          wasAsked ||= tag === 'farewells'
          return tag === 'farewells' ? { tag, value } : { tag: 'none', value: {} }
        },
      })
      await family.until('it is asked', () => wasAsked)
      await family.scheduler.run(family.scheduler.sleep(10_000))
      return rogue
    }
    return { family, lie }
  }

  test('and had its own time ended, is not heard', async () => {
    const { family, lie } = await scene(41)
    const { devices, lives } = family
    // The laptop has 400 days, the others 365.
    for (const { wall } of devices) wall.jump(366 * 24 * hourMs)
    await lie()
    for (const at of [0, 1]) family.rejoin(at, 2)
    await family.until('the desk meets both', () => isWith(lives[2]!, lives[0]!) && isWith(lives[2]!, lives[1]!))
    for (const about of [0, 1]) expect(await reportAt(family, lives[2]!, lives[about]!.page.tree.principal)).toBeNull()
  })

  test('and was removed itself before, keeps nobody away', async () => {
    const { family, lie } = await scene(42)
    const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
    await family.run(laptop, laptop.node.api.removeDevice('r', tablet.page.tree.principal))
    const rogue = await lie()
    for (const at of [0, 1]) family.rejoin(at, 2)
    await family.until('the desk hears of the removal', () => desk.page.tree.deviceCount === 3)
    await family.until('it is dropped', () => !rogue.isUp)
    await family.until('the desk meets both', () => isWith(desk, laptop) && isWith(desk, phone))
    await family.cutOff(2)
    const again = await family.restart(2)
    for (const at of [0, 1]) family.rejoin(at, 2)
    await family.until('the desk meets both again', () => isWith(again, laptop) && isWith(again, phone))
  })

  test('and was removed itself before, keeps nobody away who decides only since', async () => {
    const { family, lie } = await scene(43)
    const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
    await family.run(phone, phone.node.api.removeDevice('r', tablet.page.tree.principal))
    await family.run(phone, phone.node.api.removeDevice('s', laptop.page.tree.principal))
    await family.until('the phone decides', () => standing(phone).isLeader && laptop.page.tree.removed !== null)
    laptop.process.kill()
    const rogue = await lie()
    family.rejoin(1, 2)
    await family.until('the desk hears of the removals', () => desk.page.tree.deviceCount === 2)
    await family.until('it is dropped', () => !rogue.isUp)
    expect(isWith(desk, phone)).toBe(true)
  })
})

test('one that decides and leads two devices to two trees is found out as soon as they meet', async () => {
  const family = await Family.of(4, 'laptop', 'phone', 'desk')
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  const about = laptop.page.tree.principal
  await family.comeTogether()
  const state = await stateOf(family, laptop)
  const { nodeId, appliedIndex, term } = standing(laptop)
  const pathCount = (life: Life): number => standing(life).peers.filter(({ path }) => path !== null).length
  family.part(1, 2)
  await family.until('the two are parted', () => pathCount(phone) === 1 && pathCount(desk) === 1)
  laptop.process.kill()
  const node = await family.devices[0]!.keys.node()
  const voter = principalOf(node.credential)
  for (const [at, life] of [phone, desk].entries()) {
    const leader = await HostileLeader.towards(family, 0, at + 1, nodeId)
    const batch = { stampMs: summaryOf(state)!.stampMs + 1 + at, operations: [] }
    leader.append(encodeBatch(batch))
    await family.until('it follows', () => standing(life).appliedIndex === appliedIndex + 1)
    const place = { term, index: appliedIndex + 1, voters: [voter], votersOutgoing: [] }
    const folded = foldBatch(state, trusted(batch)).state
    const said = statementOf(folded, rootBlockId(state.treeId), place)!
    const signature = await node.sign(ed25519Message(attestationDomain, statementBody(said)))
    leader.rogue.say({ tag: 'attested', value: attestationOf(said, [{ voter, signature }]) })
    await family.until('it believes', () => standing(life).attested?.index === appliedIndex + 1)
    expect(standing(life).attested).toMatchObject({ agrees: true })
  }
  await untilReported(family, phone, about, 'deviceEquivocated', () => family.rejoin(1, 2))
  await untilTold(family, desk, about, 'deviceEquivocated')
  // Neither blames the other, by whom it knows.
  expect(await reportAt(family, phone, desk.page.tree.principal)).toBeNull()
  expect(await reportAt(family, desk, phone.page.tree.principal)).toBeNull()
  // It needs no other device to be known again.
  await family.cutOff(1)
  const again = await family.restart(1)
  await untilTold(family, again, about, 'deviceEquivocated')
})

test('a device that gives a piece of a file in the place of another one', async () => {
  const family = await Family.of(3, 'laptop', 'phone')
  const [laptop, phone] = family.lives as [Life, Life]
  await family.cutOff(1)
  const id = await family.add(laptop, 'film', content(300_000))
  const { disk } = family.devices[0]!
  const held = [...disk.rows('object', new Uint8Array())]
  laptop.process.kill()
  // It comes by the log, whole and right; the contents come from one of bad faith.
  const batches = await entriesAfter(family, 0, standing(phone).appliedIndex)
  const leader = await HostileLeader.instead(family, 0, 1, () => family.network.heal())
  const sectors = held.filter(({ value }) => value.length > 60_000)
  expect(sectors.length).toBeGreaterThan(2)
  leader.rogue.answer = (question) => {
    if (question.tag !== 'objects') return { tag: 'none', value: {} }
    const found = question.value.map((key) =>
      held.find((row) => String(row.key.slice(-objectIdSizeBytes)) === String(key))!,
    )
    const swapped = found.map((row) =>
      row.value.length > 60_000 ? sectors[(sectors.indexOf(row) + 1) % sectors.length]! : row,
    )
    return { tag: 'objects', value: swapped.map(({ value }) => value) }
  }
  const about = laptop.page.tree.principal
  await untilReported(family, phone, about, 'objectUnfitting', () => leader.append(...batches))
  expect(phone.page.items.get(id)?.copyCount).toBe(0)
  const kept = [...family.devices[1]!.disk.rows('object', new Uint8Array())]
  for (const { key, value } of kept) expect(value).toEqual(held.find((row) => String(row.key) === String(key))?.value)
  expect(standing(phone).lackingCount).toBe(1)
})

describe('keys of the root that came by the log', () => {
  /** The owner's card is used twice, one time after the other, as the log of the device that decides tells the other one. */
  async function scene(sequence: number) {
    const family = await Family.of(5, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.comeTogether()
    const state = await stateOf(family, laptop)
    const { stampMs } = summaryOf(state)!
    const first = setOf(state, state.treeId)!
    const second = changedByCard(family, state, first, 1, sequence)
    const third = changedByCard(family, state, second.set, 2, sequence + 1)
    const [one, other] = [second, third].map((value, at) =>
      encodeBatch({ stampMs: stampMs + 1 + at, operations: [{ tag: 'changeSet', value }] }),
    ) as [Bytes, Bytes]
    const leader = await HostileLeader.instead(family, 0, 1)
    const { appliedIndex } = standing(phone)
    const untilBothAreDecided = async (setInForce: CredentialSet) => {
      await family.until('both are decided', () => standing(family.lives[1]!).appliedIndex === appliedIndex + 2)
      expect(await reportAt(family, family.lives[1]!, laptop.page.tree.principal)).toBeNull()
      const after = await stateOf(family, family.lives[1]!)
      expect(summaryOf(after)!.setHash).toEqual(credentialSetHash(setInForce))
    }
    return { family, leader, appliedIndex, one, other, first, third: third.set, untilBothAreDecided }
  }

  test('are known to what comes along with them', async () => {
    const { leader, one, other, third, untilBothAreDecided } = await scene(1)
    leader.append(one, other)
    await untilBothAreDecided(third)
  })

  test.each([
    { where: 'not decided yet', isDecided: false, sequence: 1, inForce: 'third' as const },
    { where: 'decided, and never in force', isDecided: true, sequence: 7, inForce: 'first' as const },
  ])('are known after a restart: $where', async ({ isDecided, sequence, inForce }) => {
    const { family, leader, appliedIndex, one, other, untilBothAreDecided, ...sets } = await scene(sequence)
    const loggedCount = (): number => [...family.devices[1]!.disk.rows('log', new Uint8Array())].length
    const isAt = (index: number): boolean => standing(family.lives[1]!).appliedIndex === index
    const loggedBefore = loggedCount()
    leader.lay(one, isDecided)
    const foldedIndex = appliedIndex + Number(isDecided)
    await family.until('it lies there', () => loggedCount() > loggedBefore && isAt(foldedIndex))
    await leader.rogue.untilDropped(() => family.restart(1))
    await leader.rogue.untilUp()
    expect(isAt(foldedIndex)).toBe(true)
    leader.lay(other, true)
    await untilBothAreDecided(sets[inForce])
  })
})

/** The card in its place, as it goes on from one change to the next. */
function changedByCard(
  family: Family,
  state: TreeState,
  before: CredentialSet,
  rotation: number,
  sequence: number,
): SetChange {
  const entropy = must(entropyFromWords(family.words))
  const following = recoveryFromEntropy(entropy, rotation)
  const set: CredentialSet = {
    ...before,
    sequence,
    recoveryKey: following.signingPublicKey,
    nextRecoveryHash: following.nextPublicKeyHash,
    previousHash: credentialSetHash(before),
  }
  const wraps = readRow(state, 'wraps', keys.wraps)!
  const body = setChangeBody(set, wraps)
  const signature = signedByRecoveryKey(recoveryFromEntropy(entropy, rotation - 1), setChangeDomain, body)
  return { set, wraps, signature }
}

async function entriesAfter(family: Family, at: number, index: number): Promise<readonly Bytes[]> {
  const { treeId } = family.lives[at]!.page.tree
  const place = placeOf(fromHex(treeId.replaceAll(' ', ''))!)
  const held = await family.scheduler.run(readHeldState(family.storeOf(at), place))
  return held!.entries.flatMap((entry) =>
    entry.index > index && entry.kind === 'command' ? [entry.data as Bytes] : [],
  )
}

describe('a device that follows and speaks as if it led', () => {
  async function scene() {
    const family = await Family.of(30, 'laptop', 'phone', 'tablet')
    const [laptop, phone, tablet] = family.lives as [Life, Life, Life]
    const from = standing(tablet).nodeId
    family.lives.pop()
    tablet.process.kill()
    const say = async (of: 0 | 1, message: object) => {
      const { nodeId, term } = standing(family.lives[of]!)
      const rogue = await rogueAt(family, family.devices[2]!, family.transport(2), of)
      rogue.say({ tag: 'raft', value: { from, to: nodeId, term, ...message } as SentMessage })
    }
    return { family, laptop, phone, about: tablet.page.tree.principal, say }
  }

  test('stops nobody by what was confirmed, as it says', async () => {
    const { family, laptop, phone, say } = await scene()
    await say(1, { kind: 'heartbeat', commitIndex: 2 ** 50, readRound: 0 })
    await family.scheduler.run(family.scheduler.sleep(1000))
    const note = await family.add(laptop, 'note', content(300))
    await family.until('the phone has it', () => phone.page.items.has(note))
    expect(standing(phone).lackingCount).toBe(0)
  })

  test('uses up no terms, and is told of', async () => {
    const { family, laptop, phone, about, say } = await scene()
    const { term } = standing(laptop)
    for (const [of, life] of [laptop, phone].entries())
      await untilReported(family, life, about, 'termLeapt', () =>
        say(of as 0 | 1, { kind: 'heartbeat', term: 2 ** 52, commitIndex: 0, readRound: 0 }),
      )
    for (const life of [laptop, phone]) expect(standing(life).term).toBe(term)
  })
})

describe('a tree that was taken over', () => {
  /** The phone did that, and the desk has followed it. The tablet has not heard of it, and nobody can reach it. */
  async function scene() {
    const family = await Family.of(8, 'laptop', 'phone', 'desk', 'tablet')
    const [laptop, phone, desk, tablet] = family.lives as [Life, Life, Life, Life]
    await family.cutOff(3)
    const early = await stateOf(family, laptop)
    laptop.process.kill()
    await takeOver(family, 1)
    const { generation } = standing(phone)
    await family.until('the desk follows', () => standing(desk).generation === generation)
    const late = await stateOf(family, phone)
    const { appliedIndex: index, term, voters } = standing(phone)
    const configuration = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false }
    const offered = (map: AuthenticatedMap) =>
      snapshotOf({ base: { index, term, configuration }, map, attestation: null })
    const begun = readRow(late, 'takeOver', keys.takeOver(generation))!
    const told: Told = { takeOver: begun, sets: [], snapshot: offered(late.map) }
    const asked: Question['tag'][] = []
    /** Another program on a device that the tablet can reach again; it speaks of a later generation. */
    const speaking = async (at: number, inGeneration: number, answer: (question: Question) => Answer | null) => {
      family.lives[at]!.process.kill()
      family.rejoin(at, 3)
      const rogue = await rogueAt(family, family.devices[at]!, family.transport(at), 3)
      rogue.answer = (question) => {
        asked.push(question.tag)
        return answer(question)
      }
      const { nodeId } = standing(laptop)
      const say = () =>
        rogue.say({ tag: 'here', value: { nodeId, stampMs: 0, reportVersion: 0, clockMs: 0 } }, inGeneration)
      say()
      return { rogue, say }
    }
    return { family, laptop, desk, tablet, early, late, generation, told, offered, asked, speaking }
  }
  type Told = Extract<Answer, { tag: 'generation' }>['value']
  type Scene = Awaited<ReturnType<typeof scene>>
  const answering =
    (told: Told, rows: Answer | null = null) =>
    ({ tag }: Question): Answer | null =>
      tag === 'generation' ? { tag, value: told } : tag === 'rows' ? rows : { tag: 'none', value: {} }

  test.each<[string, (scene: Scene, at: number) => Promise<unknown>]>([
    ['say nothing of it', ({ speaking }, at) => speaking(at, 2 ** 50, () => null)],
    ['give none of its rows', ({ told, generation, speaking }, at) => speaking(at, generation, answering(told))],
  ])('is heard of at once from one that was there, though two others %s', async (_, turn) => {
    const place = await scene()
    const { family, desk, tablet, generation, asked } = place
    for (const at of [0, 1]) await turn(place, at)
    await family.until('both are asked', () => asked.filter((tag) => tag === 'generation').length >= 2)
    family.rejoin(2, 3)
    const { nodeId } = standing(desk)
    const isMet = () => standing(tablet).peers.some(({ id, path }) => nodeId.startsWith(id) && path !== null)
    await family.until('the two meet', isMet)
    const sinceMs = family.scheduler.nowMs
    await family.until('the tablet follows', () => standing(tablet).generation === generation)
    expect(family.scheduler.nowMs - sinceMs).toBeLessThan(15_000)
  })

  test('is asked about again where no answer comes, after a while and one question at a time', async () => {
    const { family, tablet, generation, told, late, asked, speaking } = await scene()
    let isSilent = true
    const { say } = await speaking(1, generation, (question) =>
      isSilent ? null : answering(told, rowsAfter(late.map, null))(question),
    )
    const questionCount = () => asked.filter((tag) => tag === 'generation').length
    const startMs = family.scheduler.nowMs
    while (family.scheduler.nowMs - startMs < 30_000) {
      say()
      await family.scheduler.run(family.scheduler.sleep(1000))
    }
    expect(questionCount()).toBe(1)
    isSilent = false
    await family.until('it follows', () => {
      say()
      return standing(tablet).generation === generation
    })
    expect(questionCount()).toBe(2)
    expect(family.scheduler.nowMs - startMs).toBeLessThan(90_000)
  })

  describe('as one of bad faith tells it', () => {
    let place: Scene
    let before: Awaited<ReturnType<typeof allOf>>
    let rogue: Rogue
    beforeAll(async () => {
      place = await scene()
      before = await allOf(place.family, place.tablet, 3)
      ;({ rogue } = await place.speaking(0, 1, () => null))
    }, 60_000)

    const byCard = ({ family }: Scene, body: TakeOverBody, rotation = 0): TakeOverRow => {
      const octets = encode(takeOverBodyWire, body)
      const card = recoveryFromEntropy(must(entropyFromWords(family.words)), rotation)
      return { body: octets, signature: signedByRecoveryKey(card, takeOverDomain, octets) }
    }
    const signedIn = ({ late, generation }: Scene): TakeOverBody => takeOverIn(late, generation)!
    const byNobody = { tag: 'recovery' as const, value: { signature: new Uint8Array(64).fill(1) } }
    /** A set that follows the one of the tablet, and that the root has not signed. */
    const stepByNobody = ({ family, early }: Scene): SetStep => {
      const { set, wraps } = changedByCard(family, early, setOf(early, early.treeId)!, 1, 1)
      return { set, proof: { wrapsHash: wrapsHash(wraps), signature: byNobody } }
    }
    /** The root gave itself other keys and took over with them, and in the state that was given the earlier ones are in force again. */
    const withKeysOfBefore = (scene: Scene): Told & { readonly map: AuthenticatedMap } => {
      const { family, early, late, generation, offered } = scene
      const { set: keySet, wraps, signature } = changedByCard(family, early, setOf(early, early.treeId)!, 1, 1)
      const setHash = credentialSetHash(keySet)
      const takeOver = byCard(scene, { ...signedIn(scene), setHash }, 1)
      const proof = { wrapsHash: wrapsHash(wraps), signature }
      const rows = [
        [keys.set(setHash), encodeRow('set', keySet)],
        [keys.setChange(setHash), encodeRow('setChange', { ...proof, atMs: 1 })],
        [keys.takeOver(generation), encodeRow('takeOver', takeOver)],
      ] as const
      const map = rows.reduce((before, [key, row]) => set(before, key, row), late.map)
      return { takeOver, sets: [{ set: keySet, proof }], snapshot: offered(map), map }
    }
    const rowsWith = (map: AuthenticatedMap): Answer => rowsAfter(map, null)
    const snapshotFields = { stateRoot: bytesOf(32), rowCount: u53, attestation: nullable(u53) }
    const snapshotDataWire = record('snapshotData', 2, snapshotFields)

    const tales: readonly (readonly [
      string,
      string,
      number,
      (place: Scene) => Partial<Told>,
      (place: Scene) => Answer,
    ])[] = [
      [
        'though nobody signed for it',
        'generationUnproven',
        0,
        ({ told }) => ({ takeOver: { ...told.takeOver, signature: byNobody } }),
        ({ late }) => rowsWith(late.map),
      ],
      [
        'with what was signed for another tree',
        'generationUnproven',
        0,
        (scene) => {
          const body = signedIn(scene)
          return { takeOver: byCard(scene, { ...body, treeId: body.treeId.toReversed() }) }
        },
        ({ late }) => rowsWith(late.map),
      ],
      [
        'by keys that nobody gave the root',
        'generationUnproven',
        0,
        (scene) => {
          const step = stepByNobody(scene)
          const body = { ...signedIn(scene), setHash: credentialSetHash(step.set) }
          return { takeOver: byCard(scene, body, 1), sets: [step] }
        },
        ({ late }) => rowsWith(late.map),
      ],
      [
        'with more rows than a tree can have',
        'stateTooLarge',
        0,
        ({ told, late }) => {
          const value = { stateRoot: root(late.map), rowCount: 2 ** 40, attestation: null }
          return { snapshot: { ...told.snapshot, data: encode(snapshotDataWire, value) } }
        },
        ({ late }) => rowsWith(late.map),
      ],
      ['and gives other rows of it', 'stateOther', 1, () => ({}), ({ late }) => rowsWith(later(late))],
      [
        'and gives a row at a time, which would take for ever',
        'stateOther',
        1,
        () => ({}),
        ({ late }) => {
          const [[key, value]] = [...entries(late.map)] as [[Bytes, Bytes]]
          return { tag: 'rows', value: { rows: [{ key, value }], isLast: false } }
        },
      ],
      [
        'and gives what was before it',
        'generationOther',
        1,
        ({ early, offered }) => ({ snapshot: offered(early.map) }),
        ({ early }) => rowsWith(early.map),
      ],
      [
        'and gives a state in which the root speaks by keys of before',
        'generationOther',
        1,
        (scene) => {
          const { map: _, ...told } = withKeysOfBefore(scene)
          return told
        },
        (scene) => rowsWith(withKeysOfBefore(scene).map),
      ],
    ]
    test.each(tales)('%s', async (_, code, rowsCount, change, rows) => {
      const { family, laptop, tablet, generation, told, asked } = place
      await rogue.untilUp()
      asked.length = 0
      rogue.answer = (question) => {
        asked.push(question.tag)
        return answering({ ...told, ...change(place) }, rows(place))(question)
      }
      const value = { nodeId: standing(laptop).nodeId, stampMs: 0, reportVersion: 0, clockMs: 0 }
      await untilReported(family, tablet, laptop.page.tree.principal, code, () =>
        rogue.say({ tag: 'here', value }, generation),
      )
      expect(asked.filter((tag) => tag === 'rows')).toHaveLength(rowsCount)
      expect(await allOf(family, tablet, 3)).toEqual(before)
      expect(standing(tablet).generation).toBe(1)
    })
  })
})

describe('one that decides and takes the request of another for something else', () => {
  /** The phone adds a file, and the laptop has seen under which request it gave that. */
  async function scene() {
    const family = await Family.of(31, 'laptop', 'phone')
    const [laptop, phone] = family.lives as [Life, Life]
    await family.comeTogether()
    const state = await stateOf(family, laptop)
    const keysOfLaptop = await family.devices[0]!.keys.node()
    const row = deviceOf(state, principalOf(keysOfLaptop.credential))!
    const author = new Author(keysOfLaptop, () => row.writecapHash)
    const leader = await HostileLeader.instead(family, 0, 1)
    leader.rogue.answer = ({ tag }) => (tag === 'stage' ? { tag: 'staged', value: {} } : { tag: 'none', value: {} })
    const id = await family.add(phone, 'film', content(300_000))
    const given = (count: number) => {
      const changes = leader.rogue.proposed.flatMap(({ tag, value }) => (tag === 'change' ? [value] : []))
      return [...new Map(changes.map((change) => [String(change.requestId), change])).values()][count - 1]
    }
    await family.until('it is given', () => given(1) !== undefined)
    let stampMs = summaryOf(state)!.stampMs
    /** Goes on in the log. */
    const decide = async (operation: Operation): Promise<void> => {
      const { appliedIndex } = standing(phone)
      leader.lay(encodeBatch({ stampMs: ++stampMs, operations: [operation] }), true)
      await family.until('it is folded', () => standing(phone).appliedIndex > appliedIndex)
    }
    const objectsOf = () => [...family.devices[1]!.disk.rows('object', new Uint8Array())].length
    const first = given(1)!
    const forPhone = (records: readonly SignedRecord[]): Operation =>
      changeOf(first.requestSeed, records, principalOf(first.records[0]!.fields.author))
    return { family, phone, state, author, id, given, first, forPhone, decide, objectsOf }
  }
  const blank = (sizeBytes: number): Bytes => new Uint8Array(sizeBytes)
  const entryIn = ({ treeId }: TreeState, child: Bytes, kind: 'directory' | 'file') => ({
    ...{ parent: rootPath(treeId), child, kind, version: 1, previousHash: null },
    ...{ sealedName: blank(64), nameKeyEpoch: 1, trashed: false, movedFrom: null, origin: null },
  })

  test('has nothing thrown away of what was kept: it is given again', async () => {
    const { family, phone, state, author, id, given, forPhone, decide, objectsOf } = await scene()
    const before = objectsOf()
    expect(phone.page.items.get(id)).toMatchObject({ isWaiting: true })
    await decide(forPhone([await author.sign('entry', entryIn(state, blank(16).fill(8), 'directory'))]))
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(objectsOf()).toBe(before)
    expect(phone.page.items.get(id)).toMatchObject({ isWaiting: true })
    await decide({ tag: 'change', value: given(2)! })
    await family.until('it is taken', () => standing(phone).keptCount === 0)
    expect(await family.read(phone, id)).toEqual(content(300_000))
  })

  test.each([
    ['', false],
    [', in the name of its author', true],
  ])(
    'nor where it has put something else under the id of the new file%s: that stands beside it',
    async (_, isNamed) => {
      const { family, phone, state, author, id, given, first, forPhone, decide } = await scene()
      const origin = isNamed ? principalOf(first.records[0]!.fields.author) : null
      const block = idFromText(id)!
      const path = childPath(rootPath(state.treeId), block)
      const common = { path, version: 1, previousHash: null, keyEpoch: 1 }
      await decide(
        forPhone([
          await author.sign('entry', { ...entryIn(state, block, 'file'), origin }),
          await author.sign('access', {
            ...{ ...common, parentKeyEpoch: 1, wrappedKey: blank(72), readcaps: [], earlierKeys: [] },
          }),
          await author.sign('content', {
            ...{ ...common, bodyRoot: blank(32), sizeBytes: 9, origin, resealed: false },
          }),
        ]),
      )
      await family.until('it is given again', () => given(2) !== undefined)
      await decide({ tag: 'change', value: given(2)! })
      await family.until('it is taken', () => standing(phone).keptCount === 0)
      const copy = [...phone.page.items.values()].find(({ name }) => name.startsWith('film'))!
      expect(await family.read(phone, copy.id)).toEqual(content(300_000))
    },
  )

  test('not even however often it does so: then its owner is told, and it stays', async () => {
    const { family, phone, state, author, given, decide, objectsOf } = await scene()
    const before = objectsOf()
    for (let turn = 1; turn <= 32; turn++) {
      await family.until('it is given again', () => given(turn) !== undefined)
      const { requestSeed, records } = given(turn)!
      const other = [await author.sign('entry', entryIn(state, blank(16).fill(turn), 'directory'))]
      await decide(changeOf(requestSeed, other, principalOf(records[0]!.fields.author)))
    }
    await family.scheduler.run(family.scheduler.sleep(60_000))
    expect(objectsOf()).toBe(before)
    const [kept] = await family.run(phone, phone.node.api.quarantine())
    expect(kept).toMatchObject({ name: 'film' })
  })
})

test('one that a guest meets, and that says of its file that the tree has taken it: the person is told that it is not there', async () => {
  const family = await Family.of(32, 'laptop')
  const [laptop] = family.lives as [Life]
  const guest = await Guest.of(family, 'camera')
  await guest.untilConnected()
  const state = await stateOf(family, laptop)
  const { credential } = await guest.device.keys.node()
  const excerpt = excerptFor(state, principalOf(credential))!
  const stampMs = summaryOf(state)!.stampMs + 1
  laptop.process.kill()
  const rogue = await Rogue.start(family, {
    ...{ device: family.devices[0]!, transport: family.transport(0), target: guest.life },
    targetTransport: guest.transport,
  })
  const seen: Bytes[] = []
  let isLying = false
  rogue.answer = ({ tag, value }) => {
    if (tag === 'stage') return { tag: 'staged', value: {} }
    if (tag === 'propose') return { tag: 'proposed', value: { faults: [null] } }
    if (tag !== 'excerpt') return { tag: 'none', value: {} }
    seen.push(...value.requestIds)
    const decided = (isLying ? seen.slice(0, 1) : []).map((requestId) => ({ requestId, stampMs, fault: null }))
    return { tag: 'excerpt', value: { generation: 1, takeOver: null, stampMs, root: root(excerpt.map), decided } }
  }
  rogue.say({ tag: 'excerpt', value: { root: root(excerpt.map) } })
  // It is kept at first.
  await family.add(guest.life, 'photo', content(300_000))
  isLying = true
  rogue.say({ tag: 'excerpt', value: { root: root(excerpt.map) } })
  await family.until('the person is told', () => standing(guest.life).quarantinedCount === 1)
  const [kept] = await family.run(guest.life, guest.life.node.api.quarantine())
  expect(kept).toMatchObject({ name: 'photo', reason: expect.stringContaining('not in the folder') })
  expect(new Set(seen.map(String)).size).toBe(1)
})
