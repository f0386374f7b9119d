/**
 * Planted: a fold that takes what lies under whatever key. The audits fold by it too, so what they find of it they find by their own
 * count of who knows which key.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fromHex, ok } from '../core/bytes/bytes.ts'
import type { Life } from './device.ts'

const planted = '../core/tree/renewal.ts'

// Test files share their modules, so all that folds is loaded anew here, and again for whoever comes after.
beforeAll(() => {
  vi.resetModules()
  vi.doMock(planted, async (importOriginal) => ({
    ...(await importOriginal<object>()),
    checkSealedUnder: () => ok,
  }))
})
afterAll(() => {
  vi.doUnmock(planted)
  vi.resetModules()
})

const isKnown = /lies under key 1 of \w+, which \w{6} knows, who was put out/

test('it is found as it is written, and by the keys of whom was put out', async () => {
  const { Family, content, standing } = await import('./testing/family.ts')
  const { ClusterAudit } = await import('./cluster-audit.ts')
  const { createSimulatedCrypto } = await import('./crypto.ts')
  const { openedBy } = await import('./knowledge.ts')
  const { Random } = await import('./random.ts')
  const family = await Family.of(1, 'laptop', 'phone', 'desk')
  const [laptop, phone, desk] = family.lives as [Life, Life, Life]
  const findings: string[] = []
  const crypto = createSimulatedCrypto(Random.fromSeed(1))
  const audit = new ClusterAudit(fromHex(laptop.page.tree.treeId)!, crypto, (what) => findings.push(what))
  for (const { name, disk } of family.devices) audit.observe(name, disk)

  const id = await family.add(laptop, 'early', content(5000))
  await family.comeTogether()
  await family.cutOff(1)
  await family.run(phone, phone.node.api.rename('rename', id, 'late'))
  await family.run(laptop, laptop.node.api.removeDevice('remove', desk.page.tree.principal))
  expect(findings).toEqual([])
  family.network.heal()
  await family.comeTogetherWithout(2)

  const { generation, appliedIndex } = standing(laptop)
  const { stateRoot } = await family.run(laptop, laptop.node.api.storage())
  audit.onState('laptop', generation, appliedIndex, stateRoot)
  expect(findings).toEqual([expect.stringMatching(isKnown)])
  const { state, putOut } = audit.endOf(generation)
  const node = await family.devices[2]!.keys.node()
  expect(await family.scheduler.run(openedBy(putOut[0]!, node, laptop.store, state))).toEqual([`the name of ${id}`])
})

test('devices that share a tree in trouble find it', async () => {
  const { runCluster } = await import('./cluster-run.ts')
  const { drain } = await import('./testing/drain.ts')
  const findings: string[] = []
  // The first seed is one that does by itself.
  for (let seed = 40; seed <= 52 && findings.length === 0; seed++)
    findings.push(...(await runCluster({ seed, drain, stormCount: 1 })).violations)
  expect(findings.join()).toMatch(isKnown)
})
