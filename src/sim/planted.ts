/**
 * Planted bugs: each breaks one promise of the platform, or of the node's use of it, and the simulator must find it.
 * A simulator that has found nothing shows by these that it would have.
 * @module
 */
import { type Bytes, accepted } from '../core/bytes/bytes.ts'
import { decodeControl, encodeControl } from '../core/message/message.ts'
import type { Connection, Lane, NetPort } from '../port/net.ts'
import type { Platform } from '../port/platform.ts'
import { placePrefixSizeBytes } from '../node/place.ts'
import type { Change, Durability, StorePort } from '../port/store.ts'
import type { Sabotage } from './device.ts'

export interface PlantedBug {
  readonly name: string
  readonly sabotage: Sabotage
}

const withWrite = (platform: Platform, write: StorePort['write']): Platform => {
  const { store } = platform
  return {
    ...platform,
    store: {
      write,
      read: (table, key) => store.read(table, key),
      readMany: (table, keys) => store.readMany(table, keys),
      scan: (table, prefix, countMax, after) => store.scan(table, prefix, countMax, after),
      usage: () => store.usage(),
      closed: store.closed,
    },
  }
}

/** A row of term and vote: the place of its cluster, and the octet 1. */
const isHardState = (change: Change): boolean =>
  change.kind === 'put' &&
  change.table === 'raft' &&
  change.key.length === placePrefixSizeBytes + 1 &&
  change.key.at(-1) === 1

const forgottenVote: PlantedBug = {
  name: 'forgotten vote',
  sabotage: (platform) =>
    withWrite(platform, (changes, durability) =>
      platform.store.write(
        changes.filter((change) => !isHardState(change)),
        durability,
      ),
    ),
}

const skippedCheck: PlantedBug = {
  name: 'skipped check',
  sabotage: (platform) => ({
    ...platform,
    crypto: { ...platform.crypto, verify: (claims) => claims.map(() => true) },
  }),
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'acknowledge before persist',
    sabotage: (platform) =>
      withWrite(platform, (changes, durability) => {
        platform.store.write(changes, durability).catch(() => {})
        return Promise.resolve()
      }),
  },
  forgottenVote,
  skippedCheck,
  {
    name: 'lost relaxed write',
    sabotage: (platform) =>
      withWrite(platform, (changes, _durability: Durability) => platform.store.write(changes, 'relaxed')),
  },
]

/** A snapshot is what clears the state before it writes one. */
const isInstallation = (changes: readonly Change[]): boolean =>
  changes.some(({ kind, table }) => kind === 'deleteAll' && table === 'state')

const isOfOutbox = (changes: readonly Change[]): boolean => changes.some(({ table }) => table === 'outbox')

/** Another generation: who takes part under which name changes together with the state. */
const isSuccession = (changes: readonly Change[]): boolean => isInstallation(changes) && changes.some(isIdentity)

/** A row of name and generation: the place of its cluster, and the octet 3. */
const isIdentity = ({ kind, table, ...change }: Change): boolean =>
  kind === 'put' &&
  table === 'raft' &&
  'key' in change &&
  change.key.length === placePrefixSizeBytes + 1 &&
  change.key.at(-1) === 3

/** A part of what is written with the change to another generation is not, and the process dies right after. */
const brokenSuccession =
  (isLost: (change: Change) => boolean): Sabotage =>
  (platform, process) =>
    withWrite(platform, async (changes, durability) => {
      if (!isSuccession(changes)) return platform.store.write(changes, durability)
      await platform.store.write(
        changes.filter((change) => !isLost(change)),
        durability,
      )
      process.kill()
    })

/** Bugs of a node among others. */
export const plantedClusterBugs: readonly PlantedBug[] = [
  skippedCheck,
  {
    name: 'keep without durability',
    sabotage: (platform) =>
      withWrite(platform, (changes, durability) => {
        const written = platform.store.write(changes, isOfOutbox(changes) ? 'relaxed' : durability)
        return isOfOutbox(changes) ? Promise.resolve() : written
      }),
  },
  {
    name: 'outbox forgets a deed',
    sabotage: (platform) => {
      const { scan } = platform.store
      const store: StorePort = {
        ...withWrite(platform, (changes, durability) => platform.store.write(changes, durability)).store,
        scan: async (table, prefix, countMax, after) => {
          const rows = await scan.call(platform.store, table, prefix, countMax, after)
          return table === 'outbox' ? rows.slice(1) : rows
        },
      }
      return { ...platform, store }
    },
  },
  { name: 'forgotten commits', sabotage: brokenSuccession(({ table }) => table === 'outbox') },
  { name: 'forgotten generation', sabotage: brokenSuccession(isIdentity) },
  {
    name: 'acknowledge before majority',
    sabotage: (platform) => ({ ...platform, ...(platform.net && { net: hasty(platform.net) }) }),
  },
  {
    name: 'snapshot without a row',
    sabotage: (platform) =>
      withWrite(platform, (changes, durability) => {
        const lost = isInstallation(changes)
          ? changes.findLast(({ kind, table }) => kind === 'put' && table === 'state')
          : undefined
        return platform.store.write(
          changes.filter((change) => change !== lost),
          durability,
        )
      }),
  },
]

/** Takes every entry that it sends for stored by the receiver. */
const hasty = (net: NetPort): NetPort =>
  onConnections(net, (lane, frame) => {
    const sent = lane === 'control' ? decodeControl(frame) : null
    if (!sent?.ok || sent.value.body.tag !== 'raft') return null
    const { value: message } = sent.value.body
    if (message.kind !== 'append' || message.entries.length === 0) return null
    const { from: to, to: from, term, entries } = message
    const value = { kind: 'appendResponse', from, to, term, index: entries.at(-1)!.index, rejection: null } as const
    return encodeControl({ ...sent.value, body: { tag: 'raft', value } })
  })

/** @param answer what a connection is made to hear when it sends a frame, before anything that really comes; null: nothing */
function onConnections(net: NetPort, answer: (lane: Lane, frame: Uint8Array) => Bytes | null): NetPort {
  const wrap = (connection: Connection): Connection => {
    const waiting: Record<Lane, ((frame: Bytes | null) => void) | null> = { control: null, bulk: null }
    const listen = async (lane: Lane): Promise<void> => {
      for (let frame = await connection.receive(lane); ; frame = await connection.receive(lane)) {
        hear(lane, frame)
        if (frame === null) return
      }
    }
    const arrived: Record<Lane, (Bytes | null)[]> = { control: [], bulk: [] }
    const hear = (lane: Lane, frame: Bytes | null): void => {
      const receiver = waiting[lane]
      waiting[lane] = null
      if (receiver === null) arrived[lane].push(frame)
      else receiver(frame)
    }
    void listen('control')
    void listen('bulk')
    return {
      peer: connection.peer,
      isDialler: connection.isDialler,
      isRelayed: connection.isRelayed,
      binding: connection.binding,
      closed: connection.closed,
      drained: (lane) => connection.drained(lane),
      close: (reason) => connection.close(reason),
      send: (lane, frame) => {
        const heard = answer(lane, frame)
        if (heard !== null) hear(lane, heard)
        return connection.send(lane, frame)
      },
      receive: (lane) => {
        const next = arrived[lane].shift()
        if (next !== undefined) return Promise.resolve(next)
        return new Promise((resolve) => (waiting[lane] = resolve))
      },
    }
  }
  return {
    open: async (options) => {
      const opened = await net.open({
        ...options,
        onConnection: (connection) => options.onConnection(wrap(connection)),
      })
      return {
        transportId: opened.transportId,
        isBeside: (peer) => opened.isBeside(peer),
        close: () => opened.close(),
        dial: async (peer, relays) => {
          const dialled = await opened.dial(peer, relays)
          return dialled.ok ? accepted(wrap(dialled.value)) : dialled
        },
      }
    },
  }
}
