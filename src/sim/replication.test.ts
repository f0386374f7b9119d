/**
 * Clusters of several devices over the simulated network: snapshots, elections, changes that are passed on, lost storage.
 */
import { describe, expect, test } from 'vitest'
import { type Bytes, toHex } from '../core/bytes/bytes.ts'
import { root } from '../core/merkle/merkle.ts'
import { childPath, rootPath } from '../core/path/path.ts'
import { type Outcome, requestOf } from '../core/tree/tree.ts'
import { Author } from '../node/author.ts'
import type { CryptoPort } from '../port/platform.ts'
import { Disk } from './disk.ts'
import type { SimStore } from './store.ts'
import { changeOf } from './testing/change.ts'
import { Group, type GroupMember } from './testing/group.ts'

let count = 0
/** A change that leaves little more than its request in the state, given at one of them. */
async function ask(group: Group, member: GroupMember): Promise<Outcome> {
  return member.cluster.propose(await group.change(++count))
}

/** @returns what lets the verifications of whole states go on, as they come */
function holdVerifications({ platform }: GroupMember): readonly (() => void)[] {
  const held: (() => void)[] = []
  const { verify } = platform.crypto
  const holding: CryptoPort['verify'] = async (claims) => {
    // A greeting or an attestation has one.
    if (claims.length > 1) await new Promise<void>((resolve) => held.push(resolve))
    return verify(claims)
  }
  Object.assign(platform.crypto, { verify: holding })
  return held
}

const rootOf = ({ cluster }: GroupMember): string => toHex(root(cluster.state.map))
const areSame = ({ members }: Group): boolean => new Set(members.map(rootOf)).size === 1

describe('two devices, one of which votes', () => {
  test('hold the same: a snapshot first, then every entry', async () => {
    const group = await Group.of(1, 'laptop', 'phone')
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    await group.scheduler.run(ask(group, laptop))
    await group.until('the phone holds all', () => areSame(group))
    expect(laptop.cluster.members.configuration).toMatchObject({ voters: [laptop.cluster.identity.nodeId] })
    await group.scheduler.run(ask(group, laptop))
    await group.until('the phone holds all', () => areSame(group))
    expect(phone.reports.concat(laptop.reports)).toEqual([])
  })

  test('take a state once that is sent again while it is still being verified, and nobody is to blame', async () => {
    const group = await Group.of(14, 'laptop', 'phone')
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    const verifications = holdVerifications(phone)
    // Who asks for no rows for so long is given all of it anew.
    await group.until('it came twice', () => verifications.length === 2)
    verifications[0]!()
    await group.until('the phone holds all', () => areSame(group))
    // By now it is older than what is here.
    expect(await group.scheduler.run(ask(group, laptop))).toMatchObject({ ok: true })
    await group.until('the phone holds all', () => areSame(group))
    const { state } = phone.cluster
    verifications[1]!()
    await group.scheduler.run(group.scheduler.sleep(1000))
    expect(phone.reports.concat(laptop.reports)).toEqual([])
    expect(phone.cluster.state).toBe(state)
    expect(await group.scheduler.run(ask(group, laptop))).toMatchObject({ ok: true })
    await group.until('the phone holds all', () => areSame(group))
  })

  test('take a change at either; the one that listens shows it before it is acknowledged there', async () => {
    const group = await Group.of(2, 'laptop', 'phone')
    const phone = group.members[1]!
    await group.until('the phone holds all', () => areSame(group))
    const operation = await group.change(++count)
    expect(await group.scheduler.run(phone.cluster.propose(operation))).toMatchObject({ ok: true })
    expect(requestOf(phone.cluster.state, operation.value.requestId)).toMatchObject({ fault: null })
  })

  test('refuse a change in words where the one that decides is away', async () => {
    const group = await Group.of(3, 'laptop', 'phone')
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    await group.until('the phone holds all', () => areSame(group))
    laptop.process.kill()
    await group.scheduler.run(group.scheduler.sleep(30_000))
    const outcome = await group.scheduler.run(ask(group, phone))
    expect(outcome.ok ? null : outcome.fault.code).toBe('leaderAway')
  })

  test('go on from a log that was shortened, whatever lay in it before they started', async () => {
    const group = await Group.of(12, 'laptop', 'phone')
    group.keptEntryCount = 4
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    await group.until('the phone holds all', () => areSame(group))
    const taken: Bytes[] = []
    const restart = async (changeCount: number, isQuiet: boolean): Promise<void> => {
      for (let change = 0; change < changeCount; change++) {
        const operation = await group.change(++count)
        expect(await group.scheduler.run(laptop.cluster.propose(operation))).toMatchObject({ ok: true })
        taken.push(operation.value.requestId)
      }
      // Long enough for a checkpoint.
      if (isQuiet) await group.scheduler.run(group.scheduler.sleep(10_000))
      for (const member of group.members) member.process.kill()
      for (const member of group.members) await group.scheduler.run(member.start())
      for (const requestId of taken) expect(requestOf(laptop.cluster.state, requestId)).toMatchObject({ fault: null })
      await group.until('the phone holds all', () => areSame(group))
      for (const member of [laptop, phone]) expect(member.failure).toBeNull()
    }
    for (const changeCount of [12, 3, 9, 2, 7, 1, 6]) {
      await restart(changeCount, true)
      await restart(2, false)
    }
  })

  test('keep so many octets of the log and no more, and one that was away for more gets the state', async () => {
    const group = await Group.of(16, 'laptop', 'phone')
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    await group.until('the phone holds all', () => areSame(group))
    phone.process.kill()
    // None of it is taken: what is refused is in the log all the same.
    const author = new Author(laptop.keys, () => laptop.cluster.state.treeId)
    const path = childPath(rootPath(group.treeId), new Uint8Array(16).fill(7))
    const access = await author.sign('access', {
      ...{ path, version: 9, previousHash: new Uint8Array(32), keyEpoch: 256, parentKeyEpoch: 1 },
      ...{ wrappedKey: new Uint8Array(72), readcaps: [], earlierKeys: Array<Bytes>(255).fill(new Uint8Array(72)) },
    })
    const records = Array<typeof access>(50).fill(access)
    for (let change = 0; change < 40; change++) {
      const operation = changeOf(new Uint8Array(16).fill(change), records)
      const outcome = await group.scheduler.run(laptop.cluster.propose(operation))
      expect(outcome.ok ? null : outcome.fault.code).toBe('writecapUnknown')
    }
    const { cluster, disk } = laptop
    await group.until('there is a checkpoint', () => cluster.checkpoint.base.index === cluster.position.appliedIndex)
    const rows = [...disk.rows('log', new Uint8Array())]
    const sizeBytes = rows.reduce((sum, { value }) => sum + value.length, 0)
    expect(sizeBytes).toBeGreaterThan(30 * 1024 * 1024)
    expect(sizeBytes).toBeLessThan(34 * 1024 * 1024)
    await group.scheduler.run(phone.start())
    await group.until('the phone holds all', () => areSame(group))
  })

  test('one that closes its connections puts nobody out', async () => {
    const group = await Group.of(13, 'laptop', 'phone')
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    await group.until('the phone holds all', () => areSame(group))
    laptop.replication.close()
    await group.scheduler.run(group.scheduler.sleep(5000))
    expect(laptop.cluster.members.configuration.learners).toEqual([phone.cluster.identity.nodeId])
  })

  test('one that lost its storage comes back under another name and holds the same again', async () => {
    const group = await Group.of(4, 'laptop', 'phone')
    const [laptop, phone] = group.members as [GroupMember, GroupMember]
    await group.until('the phone holds all', () => areSame(group))
    const { nodeId } = phone.cluster.identity
    phone.process.kill()
    Object.assign(phone, { disk: new Disk() })
    await group.scheduler.run(phone.start())
    await group.until('the phone holds all', () => areSame(group))
    const { learners } = laptop.cluster.members.configuration
    expect(learners).toEqual([phone.cluster.identity.nodeId])
    expect(learners).not.toContain(nodeId)
  })
})

describe('three devices that vote', () => {
  test('go on without the one that led, which follows when it is back', async () => {
    const group = await Group.of(5, 'laptop', 'phone', 'desk')
    await group.allVote()
    const first = group.leader!
    first.process.kill()
    await group.until('another leads', () => group.leader !== null && group.leader !== first)
    const others = group.members.filter((member) => member !== first)
    for (const member of others) expect(await group.scheduler.run(ask(group, member))).toMatchObject({ ok: true })
    await group.scheduler.run(first.start())
    await group.until('all hold the same', () => areSame(group))
  })

  test('acknowledge nothing on the side of a partition that has no majority', async () => {
    const group = await Group.of(6, 'laptop', 'phone', 'desk')
    await group.allVote()
    const alone = group.leader!
    for (const other of group.members.filter((member) => member !== alone)) {
      group.network.block(alone.device.transportId, other.device.transportId)
      group.network.block(other.device.transportId, alone.device.transportId)
    }
    const asked = ask(group, alone).then(
      (outcome) => outcome.ok,
      (error: Error & { code?: string }) => error.code,
    )
    const isMajority = ({ cluster, process }: GroupMember) => process.isAlive && cluster.position.isLeader
    await group.until('the majority has a leader', () =>
      group.members.some((member) => member !== alone && isMajority(member)),
    )
    const elsewhere = group.members.find((member) => member !== alone && isMajority(member))!
    expect(await group.scheduler.run(ask(group, elsewhere))).toMatchObject({ ok: true })
    expect(['outcomeUnknown', false]).toContain(await group.scheduler.run(asked))
    group.network.heal()
    await group.until('all hold the same', () => areSame(group))
  })

  test('the others write a change while the one that leads does, and keep it where that one never did', async () => {
    const group = await Group.of(8, 'laptop', 'phone', 'desk')
    await group.allVote()
    const first = group.leader!
    const others = group.members.filter((member) => member !== first)
    const logCount = ({ disk }: GroupMember): number => [...disk.rows('log', new Uint8Array())].length
    const before = group.members.map(logCount)
    const store = first.platform.store as SimStore
    store.faults.slowness = 1000
    const operation = await group.change(++count)
    const asked = first.cluster.propose(operation).catch((error: Error & { code?: string }) => error.code)
    await group.until('both others have it', () =>
      others.every((member) => logCount(member) > before[group.members.indexOf(member)]!),
    )
    expect(logCount(first)).toBe(before[group.members.indexOf(first)])
    first.process.kill()
    await group.until('it is folded by both', () =>
      others.every(({ cluster }) => requestOf(cluster.state, operation.value.requestId)?.fault === null),
    )
    void asked
  })

  test('a device that was away for long gets a snapshot', async () => {
    const group = await Group.of(7, 'laptop', 'phone', 'desk')
    await group.allVote()
    const away = group.members.find((member) => member !== group.leader)!
    away.process.kill()
    for (let at = 0; at < 1300; at++) await group.scheduler.run(ask(group, group.leader!))
    await group.scheduler.run(away.start())
    await group.until('all hold the same', () => areSame(group))
  })
})
