/**
 * A second device joins the tree of a first: two browsers of their own, the relay of the site, real WebRTC and a real ceremony of
 * the passkey.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { Inviting, Joining } from '../src/node/api.ts'
import { type Server, serveSite, startRelay } from '../src/relay/server.ts'
import { test as base, expect, siteFolder, virtualAuthenticator } from './fixture.ts'
import { plant } from './tool/planting.ts'
import { addText, hashOf, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

const test = base.extend({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what it needs from here: nothing.
  site: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'blocktree-relay-'))
    const relay = await startRelay({ keyFile: join(folder, 'relay.key') })
    const server: Server = await serveSite({ folder: siteFolder, host: '127.0.0.1', port: 0, origins: [], relay })
    await use({ url: `http://localhost:${server.port}/`, requests: [] })
    await server.close()
    await relay.close()
    await rm(folder, { recursive: true })
  },
})

/** Waits for a stage of letting in, or of joining. */
async function stage<K extends 'inviting' | 'joining'>(page: Page, kind: K, name: string) {
  const node = await nodeOf(page)
  return node.evaluate(
    (node, [kind, name]) =>
      new Promise<(Inviting | Joining) & Record<string, never>>((resolve, reject) => {
        const stop = node.watch((event) => {
          const state = event.kind === 'snapshot' ? event[kind] : event.kind === kind ? event[kind as never] : null
          const { stage, message } = (state ?? {}) as { stage?: string; message?: string }
          if (stage === name) resolve(state as never)
          else if (stage === 'ended') reject(new Error(message))
          else return
          queueMicrotask(() => stop())
        })
      }),
    [kind, name] as const,
  )
}

test('a phone joins, and both hold the tree', async ({ newProfile }) => {
  test.setTimeout(120_000)
  const [laptop, phone] = [await (await newProfile()).open(), await (await newProfile()).open()]
  await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  const { rootId } = (await snapshotOf(laptop)).tree
  await addText(laptop, rootId, 'letter.txt', 'dear')

  const [hers, his] = [await nodeOf(laptop), await nodeOf(phone)]
  await hers.evaluate(({ api }) => api.invite())
  const { code } = await stage(laptop, 'inviting', 'code')
  await his.evaluate(({ api }, code) => api.join(code, 'Phone'), code)
  expect(await stage(phone, 'joining', 'confirm')).toMatchObject({ ownerName: 'Ada', deviceName: 'Laptop' })
  await his.evaluate(({ api }) => api.confirmJoining())
  const { digits } = await stage(phone, 'joining', 'digits')
  expect(await stage(laptop, 'inviting', 'digits')).toMatchObject({ deviceName: 'Phone' })
  await hers.evaluate(({ api }, digits) => api.typeDigits(digits), digits)
  await stage(laptop, 'inviting', 'approval')
  await hers.evaluate(async (node) => {
    const { challenge, credentialId } = await new Promise<Extract<Inviting, { stage: 'approval' }>>((resolve) => {
      node.watch((event) => event.kind === 'snapshot' && resolve(event.inviting as never))
    })
    const shell = document.querySelector('bt-shell') as never as { passkey: { sign(ask: unknown): Promise<never> } }
    const { signal } = new AbortController()
    await node.api.approve(await shell.passkey.sign({ challenge, credentialId, rpId: 'localhost', signal }))
  })
  await stage(laptop, 'inviting', 'admitted')
  await stage(phone, 'joining', 'joined')

  const letter = await itemNamed(phone, 'letter.txt')
  expect(await hashOf(phone, letter!.id)).toBe(await hashOf(laptop, letter!.id))
  await addText(phone, rootId, 'answer.txt', 'dear too')
  await expect.poll(() => itemNamed(laptop, 'answer.txt')).toMatchObject({ copyCount: 2 })
  const rootOf = (page: Page) =>
    nodeOf(page).then((node) => node.evaluate(async ({ api }) => (await api.storage()).stateRoot))
  await expect.poll(async () => (await rootOf(phone)) === (await rootOf(laptop))).toBe(true)
})
