import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { recognisesCrypto, runCrypto } from './crypto.ts'

const vectorsPath = fileURLToPath(new URL('../../../../shared/vectors', import.meta.url))

describe('files', () => {
  test.each([
    { name: 'an empty list', json: [] },
    { name: 'a list of something else', json: [{ key: '00' }] },
    { name: 'an algorithm that we have not', json: { algorithm: 'RSA', testGroups: [{ type: 'RsaTest', tests: [] }] } },
    { name: 'no groups', json: { algorithm: 'EDDSA', testGroups: [] } },
    { name: 'text', json: 'EDDSA' },
    { name: 'null', json: null },
  ])('$name is not ours', ({ json }) => {
    expect(recognisesCrypto('x.json', json)).toBe(false)
  })

  /** RFC 8032 §7.1, test 1, in Wycheproof's form. */
  const file = (result: string, tail: string) => ({
    algorithm: 'EDDSA',
    testGroups: [
      {
        type: 'EddsaVerify',
        publicKey: { pk: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a' },
        tests: [
          {
            tcId: 1,
            comment: '',
            msg: '',
            sig: `e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a10${tail}`,
            result,
          },
        ],
      },
    ],
  })

  test('a wrong verdict is counted as failed, and named', async () => {
    expect(await runCrypto('a/b.json', file('valid', '0b'))).toMatchObject({ name: 'b.json', passed: 1, failed: 0 })
    expect(await runCrypto('a/b.json', file('invalid', '0a'))).toMatchObject({ passed: 1, failed: 0 })
    const wrong = await runCrypto('a/b.json', file('valid', '0a'))
    expect(wrong).toMatchObject({ passed: 0, failed: 1 })
    expect(wrong.failures[0]).toContain('tcId 1')
  })
})

// The data is not part of this repository; where it is not at hand this says so.
describe.skipIf(!existsSync(vectorsPath))('vectors beside this repository', () => {
  const files = ['wycheproof', 'cctv', 'hpke'].flatMap((folder) =>
    existsSync(`${vectorsPath}/${folder}`)
      ? readdirSync(`${vectorsPath}/${folder}`)
          .filter((name) => name.endsWith('.json'))
          .map((name) => `${vectorsPath}/${folder}/${name}`)
      : [],
  )
  test.each(files.map((path) => ({ path, name: path.slice(vectorsPath.length + 1) })))(
    '$name',
    { timeout: 60_000 },
    async ({ path }) => {
      const json: unknown = JSON.parse(readFileSync(path, 'utf8'))
      expect(recognisesCrypto(path, json)).toBe(true)
      const result = await runCrypto(path, json)
      expect(result.failures).toEqual([])
      expect(result.passed).toBeGreaterThan(30)
      console.info(`${result.name}: ${result.passed} passed, ${result.skipped} skipped`)
    },
  )
})
