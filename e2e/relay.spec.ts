/**
 * What a relay can see where it carries everything between two devices: sizes and times.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as base, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { findTraces } from './tool/traces.ts'
import { addText, createFolder, itemNamed, snapshotOf } from './tool/tree.ts'

const test = base.extend<{ readonly folder: string }>({
  hasRelay: true,
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what it needs from here: nothing.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'blocktree-seen-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
  relayRecord: ({ folder }, use) => use(join(folder, 'seen')),
})

/** A word that nobody else writes. */
const word = (kind: string): string => kind + randomBytes(9).toString('hex')

test(
  'a relay that carries all of it sees no name, no content and no tree',
  { tag: '@wide' },
  async ({ newProfile, folder, relayRecord }) => {
    test.setTimeout(180_000)
    const names = { owner: word('Owner'), laptop: word('Laptop'), phone: word('Phone'), folder: word('Folder') }
    const file = `${word('letter')}.txt`
    const content = word('content')
    const [desk, pocket] = [await newProfile(), await newProfile()]
    for (const { context } of [desk, pocket])
      await context.addInitScript(() => {
        RTCPeerConnection.prototype.setRemoteDescription = () =>
          Promise.reject(new DOMException('refused', 'OperationError'))
      })
    const [laptop, phone] = [await desk.open(), await pocket.open('./#/join')]
    await virtualAuthenticator(laptop)
    await plant(laptop, { owner: names.owner, device: names.laptop })
    await joinByLink(laptop, phone, names.phone)
    const { rootId, treeId, principal } = (await snapshotOf(laptop)).tree
    await createFolder(phone, rootId, names.folder)
    const text = `A line with ${content} in it.\n`.repeat(20_000)
    await addText(laptop, rootId, file, text)
    await expect.poll(() => itemNamed(phone, file), { timeout: 60_000 }).toMatchObject({ copyCount: 2 })
    await expect.poll(() => itemNamed(laptop, names.folder)).toMatchObject({ isWaiting: false })

    const octetsOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const secrets = { ...names, file, content, tree: octetsOf(treeId), device: octetsOf(principal) }
    const traces = await findTraces(folder, new Map(Object.entries(secrets)))
    expect(traces).toEqual([])
    // It did carry all of it, and what it reads by itself is found.
    expect((await stat(relayRecord)).size).toBeGreaterThan(text.length)
    const control = await findTraces(folder, new Map([['its own protocol', '/libp2p/circuit/relay/']]))
    expect(control).not.toEqual([])
  },
)
