import { describe, expect, test } from 'vitest'
import { type Bytes, type Fault, type Result, accepted, must, refused } from '../core/bytes/bytes.ts'
import { ed25519Message, principalOf, signEd25519, verifyClaim } from '../core/crypto/crypto.ts'
import {
  type JoinGrant,
  decodeJoinFrame,
  encodeJoinFrame,
  newInvitation,
  wireVersion,
} from '../core/message/message.ts'
import { type Person, alice, mallory, ownerCap, person, treeId } from '../core/tree/testing/forest.ts'
import { type SignedDevice, claimOfDevice, deviceBody, deviceDomain, signedDevice } from '../core/tree/tree.ts'
import { rootBlockId } from '../core/path/path.ts'
import type { Connection } from '../port/net.ts'
import type { Platform } from '../port/platform.ts'
import { type Inviter, type Newcomer, type OpenInvitation, inviteOver, joinOver } from './joining.ts'

const phone = person(7)
const transports = { newcomer: alice.credential.signingKey, inviter: mallory.credential.signingKey }
const octetsOf = (octet: number, sizeBytes = 32): Bytes => new Uint8Array(sizeBytes).fill(octet)
const token = octetsOf(4, 16)
const secret = octetsOf(1)
const invitation = newInvitation(transports.inviter, secret, token, null)
const shown: OpenInvitation = { invitation, secret, expiresAtMs: 120_000 }
const never = { requested: new Promise<void>(() => {}) }

/** Two ends of one connection; `between` sees every frame, and may give another in its place, or none. */
function connect(between: (from: 'newcomer' | 'inviter', frame: Bytes) => Bytes | null = (_, frame) => frame) {
  const print = { newcomer: octetsOf(7), inviter: octetsOf(8) }
  const ends = {} as Record<'newcomer' | 'inviter', Connection & { readonly sent: Bytes[] }>
  const queues = { newcomer: [] as Bytes[], inviter: [] as Bytes[] }
  const waiting = { newcomer: null as ((frame: Bytes | null) => void) | null, inviter: null as never }
  const hold = waiting as Record<'newcomer' | 'inviter', ((frame: Bytes | null) => void) | null>
  let closeBoth!: (fault: Fault) => void
  let isClosed = false
  const closed = new Promise<Fault>((resolve) => (closeBoth = resolve))
  const endOf = (own: 'newcomer' | 'inviter', peer: 'newcomer' | 'inviter') => {
    const sent: Bytes[] = []
    return {
      sent,
      peer: transports[peer],
      isDialler: own === 'newcomer',
      isRelayed: false,
      binding: { kind: 'direct' as const, ownFingerprint: print[own], peerFingerprint: print[peer] },
      send(_lane: string, frame: Uint8Array): boolean {
        if (isClosed) return true
        const passed = between(own, frame as Bytes)
        if (passed === null) return true
        sent.push(passed)
        const waits = hold[peer]
        hold[peer] = null
        if (waits) waits(passed)
        else queues[peer].push(passed)
        return true
      },
      drained: async () => {},
      receive(): Promise<Bytes | null> {
        expect(hold[own], 'one call at a time').toBeFalsy()
        const next = queues[own].shift()
        if (next !== undefined) return Promise.resolve(next)
        if (isClosed) return Promise.resolve(null)
        return new Promise((resolve) => (hold[own] = resolve))
      },
      closed,
      close(reason: Fault = { code: 'closed', local: 'Closed.' }) {
        isClosed = true
        closeBoth(reason)
        for (const side of ['newcomer', 'inviter'] as const) hold[side]?.(null)
      },
    }
  }
  ends.newcomer = endOf('newcomer', 'inviter')
  ends.inviter = endOf('inviter', 'newcomer')
  return ends
}

let drawn = 0
const clock = { ms: 0, timers: [] as (() => void)[] }
function platformOf({ credential, secret: own }: Person): Pick<Platform, 'clock' | 'random' | 'crypto' | 'keys'> {
  return {
    clock: {
      nowMs: () => clock.ms,
      monotonicMs: () => clock.ms,
      after: (_delayMs, callback) => {
        clock.timers.push(callback)
        return () => void (clock.timers = clock.timers.filter((timer) => timer !== callback))
      },
    },
    random: { bytes: (sizeBytes) => octetsOf(++drawn & 255, sizeBytes) },
    crypto: {
      verify: (claims: Parameters<Platform['crypto']['verify']>[0]) => claims.map(verifyClaim),
    } as unknown as Platform['crypto'],
    keys: {
      node: async () => ({ credential, sign: (message: Bytes) => signEd25519(own, message), open: () => null }),
    } as unknown as Platform['keys'],
  }
}

const grantFor = (holder: Person): JoinGrant => ({
  writecap: ownerCap(holder),
  nameBlock: rootBlockId(treeId),
  nameKeyEpoch: 1,
  nameKey: octetsOf(3),
  placeName: '',
})
function deviceOf({ credential, secret: own }: Person, transportId = transports.newcomer): SignedDevice {
  const fields = {
    treeId,
    credential,
    transportId,
    version: 1,
    previousHash: null,
    sealedName: octetsOf(5, 72),
    nameBlock: rootBlockId(treeId),
    nameKeyEpoch: 1,
    hybridKey: null,
  }
  const body = deviceBody(fields)
  return signedDevice(fields, body, signEd25519(own, ed25519Message(deviceDomain, body)))
}

const cardOfTree = { treeId, ownerName: 'Ada', deviceName: 'Laptop' }
const joinAs = (end: Connection, platform = platformOf(phone)) =>
  joinOver(
    platform,
    end,
    transports.newcomer,
    invitation,
    {
      deviceName: 'Phone',
      buildId: 'test',
      isLink: false,
      confirm: async () => true,
      showDigits: () => {},
      onAsked: () => {},
      deviceRecord: async () => deviceOf(phone),
    },
    never,
  )
const inviteAs = (end: Connection, first: unknown, inviter = {} as Inviter) =>
  inviteOver(platformOf(alice), end, transports.inviter, first as never, shown, inviter, never)

interface Course {
  readonly open?: OpenInvitation | null
  readonly inviter?: Partial<Inviter>
  readonly newcomer?: Partial<Newcomer>
  readonly between?: Parameters<typeof connect>[0]
  readonly cancelInviter?: Promise<void>
  readonly cancelNewcomer?: Promise<void>
}

/** Runs both sides; by default each person says yes and the digits are carried over by eye. */
async function run({ open = shown, inviter, newcomer, between, cancelInviter, cancelNewcomer }: Course = {}) {
  const ends = connect(between)
  let seeDigits!: (digits: string) => void
  const digits = new Promise<string>((resolve) => (seeDigits = resolve))
  const admitted: SignedDevice[] = []
  const joining = joinOver(
    platformOf(phone),
    ends.newcomer,
    transports.newcomer,
    invitation,
    {
      deviceName: 'Phone',
      buildId: 'test',
      isLink: false,
      confirm: async () => true,
      showDigits: seeDigits,
      onAsked: () => {},
      deviceRecord: async () => deviceOf(phone),
      ...newcomer,
    },
    cancelNewcomer ? { requested: cancelNewcomer } : never,
  )
  const first = must(decodeJoinFrame((await ends.inviter.receive('control'))!))
  if (first.tag !== 'commit') throw new Error('the newcomer begins with its commitment')
  const inviting = inviteOver(
    platformOf(alice),
    ends.inviter,
    transports.inviter,
    first.value,
    open,
    {
      card: cardOfTree,
      askDigits: () => digits,
      approve: async () => grantFor(phone),
      admit: async (_request, device) => {
        admitted.push(device)
        const devices = [{ principal: octetsOf(1), transportId: transports.inviter }]
        return accepted({ generation: 1, devices, rendezvous: null })
      },
      ...inviter,
    },
    cancelInviter ? { requested: cancelInviter } : never,
  )
  const [joined, invited] = await Promise.all([joining, inviting])
  return { joined, invited, admitted, ends }
}
const codes = ({ joined, invited }: { joined: Result<unknown>; invited: Result<unknown> }) =>
  [joined, invited].map((result) => (result.ok ? 'ok' : result.fault.code))

describe('joining', () => {
  test('the newcomer hears what the root has come to, and no more of that than a person can say', async () => {
    const heard: string[] = []
    const approve: Inviter['approve'] = async (_, tell) => {
      for (const state of ['pending', 'notGiven', 'notValid'] as const) tell(state)
      for (let count = 0; count < 100; count++) tell('notGiven')
      return grantFor(phone)
    }
    expect(codes(await run({ inviter: { approve }, newcomer: { onAsked: (state) => heard.push(state) } }))).toEqual([
      'ok',
      'ok',
    ])
    expect(heard.slice(0, 3)).toEqual(['pending', 'notGiven', 'notValid'])
    expect(heard).toHaveLength(64)
  })

  test('ends with a device of the tree', async () => {
    let asked = ''
    const { joined, invited, admitted, ends } = await run({
      newcomer: { confirm: async ({ ownerName }) => ((asked = ownerName), true) },
    })
    expect(codes({ joined, invited })).toEqual(['ok', 'ok'])
    expect(asked).toBe('Ada')
    expect(admitted).toHaveLength(1)
    expect(verifyClaim(claimOfDevice(admitted[0]!))).toBe(true)
    expect(must(joined).grant.writecap.holder).toEqual(principalOf(phone.credential))
    expect(must(joined).devices).toHaveLength(1)
    // Nothing that a person typed or is called goes over the wire in the clear.
    const wire = [...ends.newcomer.sent, ...ends.inviter.sent]
      .map((frame) => new TextDecoder('latin1').decode(frame))
      .join()
    for (const told of ['Ada', 'Laptop', 'Phone']) expect(wire).not.toContain(told)
  })

  /** A person who is asked, and whose device, or the other one, ends it then. */
  function endedWhileAsked(ask: 'askDigits' | 'approve', by: 'cancelInviter' | 'cancelNewcomer'): Course {
    let end!: () => void
    const ended = new Promise<void>((resolve) => (end = resolve))
    const asked = (): Promise<never> => {
      end()
      return new Promise(() => {})
    }
    return { inviter: { [ask]: asked }, [by]: ended }
  }
  test.each<{ name: string; course: Course; outcome: readonly string[] }>([
    {
      name: 'wrong digits',
      course: { inviter: { askDigits: async () => 'none' } },
      outcome: ['joinDigitsWrong', 'joinDigitsWrong'],
    },
    {
      name: 'digits given up',
      course: { inviter: { askDigits: async () => null } },
      outcome: ['joinCancelled', 'joinCancelled'],
    },
    { name: 'denied', course: { inviter: { approve: async () => null } }, outcome: ['joinDenied', 'joinDenied'] },
    {
      name: 'another tree than wanted',
      course: { newcomer: { confirm: async () => false } },
      outcome: ['joinCancelled', 'joinCancelled'],
    },
    { name: 'a token that is not shown', course: { open: null }, outcome: ['joinUsed', 'joinUsed'] },
    {
      name: 'another token',
      course: { open: { ...shown, invitation: { ...invitation, token: octetsOf(5, 16) } } },
      outcome: ['joinUsed', 'joinUsed'],
    },
    { name: 'an old token', course: { open: { ...shown, expiresAtMs: 0 } }, outcome: ['joinExpired', 'joinExpired'] },
    {
      name: 'the inviter stops while digits are awaited',
      course: endedWhileAsked('askDigits', 'cancelInviter'),
      outcome: ['joinCancelled', 'joinCancelled'],
    },
    {
      name: 'the newcomer stops while digits are awaited',
      course: endedWhileAsked('askDigits', 'cancelNewcomer'),
      outcome: ['joinCancelled', 'joinCancelled'],
    },
    {
      name: 'the newcomer stops while the owner is asked',
      course: endedWhileAsked('approve', 'cancelNewcomer'),
      outcome: ['joinCancelled', 'joinCancelled'],
    },
    {
      name: 'the tree does not take the device',
      course: { inviter: { admit: async () => refused('devicesTooMany', 'Too many.') } },
      outcome: ['joinFailed', 'devicesTooMany'],
    },
    {
      name: 'a device record of somebody else',
      course: { newcomer: { deviceRecord: async () => deviceOf(mallory) } },
      outcome: ['joinFailed', 'joinFailed'],
    },
    {
      name: 'a device record with another transport',
      course: { newcomer: { deviceRecord: async () => deviceOf(phone, transports.inviter) } },
      outcome: ['joinFailed', 'joinFailed'],
    },
  ])('refused with a sentence on both sides, nothing admitted: $name', async ({ course, outcome }) => {
    const { joined, invited, admitted } = await run(course)
    expect(codes({ joined, invited })).toEqual(outcome)
    expect(admitted).toEqual([])
    for (const result of [joined, invited]) if (!result.ok) expect(result.fault.local.length).toBeGreaterThan(5)
  })

  test.each(['inviter', 'newcomer'] as const)(
    'what is being written is told as it came out, whatever the %s says meanwhile',
    async (by) => {
      let stop!: () => void
      const stopped = new Promise<void>((resolve) => (stop = resolve))
      const { joined, invited } = await run({
        inviter: {
          admit: async () => {
            stop()
            await new Promise((resolve) => setImmediate(resolve))
            return accepted({ generation: 1, devices: [], rendezvous: null })
          },
        },
        [by === 'inviter' ? 'cancelInviter' : 'cancelNewcomer']: stopped,
      })
      expect(invited.ok).toBe(true)
      expect(joined.ok).toBe(by === 'inviter')
      if (!joined.ok) expect(joined.fault.code).toBe('joinCancelled')
    },
  )

  test('a permission for somebody else is our mistake, and never sent', async () => {
    await expect(run({ inviter: { approve: async () => grantFor(mallory) } })).rejects.toThrow('another device')
  })

  test('an error on one side, as of a prompt that was cancelled, ends it on the other', async () => {
    const ends = connect()
    const joining = joinAs(ends.newcomer)
    const first = must(decodeJoinFrame((await ends.inviter.receive('control'))!))
    const failing = { askDigits: () => Promise.reject(new Error('the prompt was closed')) }
    const inviting = inviteAs(ends.inviter, first.value, { card: cardOfTree, ...failing } as unknown as Inviter)
    await expect(inviting).rejects.toThrow('the prompt was closed')
    expect(await joining).toMatchObject({ ok: false, fault: { code: 'joinFailed' } })
  })
})

describe('somebody in between', () => {
  const frameKind = (frame: Bytes) => must(decodeJoinFrame(frame)).tag

  test('who puts his own key into the reveal has committed to another', async () => {
    const { joined, invited, admitted } = await run({
      between: (from, frame) => {
        const { tag, value } = must(decodeJoinFrame(frame))
        if (from !== 'newcomer' || tag !== 'reveal') return frame
        return encodeJoinFrame({ tag, value: { ...value, key: mallory.credential.kemKey } })
      },
    })
    expect(codes({ joined, invited })).toEqual(['joinFailed', 'joinFailed'])
    expect(admitted).toEqual([])
  })

  test.each(['nonce', 'card', 'grant', 'accept', 'admitted', 'reveal', 'commit'] as const)(
    'who changes a %s is found out on one side, and nothing is shown as done on the other',
    async (kind) => {
      const { joined, invited } = await run({
        between: (_, frame) => {
          if (frameKind(frame) !== kind) return frame
          const other = frame.slice()
          other[other.length - 1]! ^= 1
          return other
        },
      })
      const [atNewcomer] = codes({ joined, invited })
      expect(atNewcomer).not.toBe('ok')
      if (kind !== 'admitted') expect(invited.ok).toBe(false)
    },
  )

  test('who has another certificate towards each side gets neither card nor digits through', async () => {
    const ends = connect()
    const bent: Connection = {
      ...ends.inviter,
      binding: { kind: 'direct', ownFingerprint: octetsOf(8), peerFingerprint: octetsOf(99) },
    }
    const joining = joinAs(ends.newcomer)
    const first = must(decodeJoinFrame((await ends.inviter.receive('control'))!))
    const invited = await inviteAs(bent, first.value)
    expect(codes({ joined: await joining, invited })).toEqual(['joinFailed', 'joinFailed'])
  })

  test('who asks with somebody else’s credential can not prove that it is his', async () => {
    const ends = connect()
    const sign = (message: Bytes) => signEd25519(phone.secret, message)
    const keys = { node: async () => ({ credential: mallory.credential, sign, open: () => null }) }
    const joining = joinAs(ends.newcomer, { ...platformOf(phone), keys: keys as unknown as Platform['keys'] })
    const first = must(decodeJoinFrame((await ends.inviter.receive('control'))!))
    const invited = await inviteAs(ends.inviter, first.value)
    expect(codes({ joined: await joining, invited })).toEqual(['joinFailed', 'joinFailed'])
  })
})

describe('a side that', () => {
  const commit = { wireVersion, token, commitment: octetsOf(1) }

  test('goes away is missed while digits are awaited', async () => {
    const ends = connect()
    const invited = inviteAs(ends.inviter, commit)
    ends.newcomer.close({ code: 'peerGone', local: 'The other device is gone.' })
    expect(await invited).toMatchObject({ ok: false, fault: { code: 'peerGone' } })
  })

  test('says nothing is given up after a while', async () => {
    const ends = connect()
    const invited = inviteAs(ends.inviter, commit)
    await Promise.resolve()
    for (const timer of clock.timers) timer()
    expect(await invited).toMatchObject({ ok: false, fault: { code: 'joinFailed' } })
  })
})
