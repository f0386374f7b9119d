import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const core = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../../', import.meta.url))
const files = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|txt)$/.test(name))
const isForTests = (name: string): boolean => /\.test\.ts$|(^|\/)testing\//.test(name)
const textOf = (names: readonly string[]): string => names.map((name) => readFileSync(core + name, 'utf8')).join('\n')

const page = readFileSync(`${core}spec.md`, 'utf8')
const product = textOf(files.filter((name) => name.endsWith('.ts') && !isForTests(name)))

/** What a pattern finds of a text, and how much that has to be: a pattern that fits nothing any more would find nothing missing. */
function found(text: string, pattern: RegExp, countMin: number): readonly string[] {
  const all = [...new Set([...text.matchAll(pattern)].map(([, first]) => first!))]
  expect(all.length).toBeGreaterThanOrEqual(countMin)
  return all
}

test('golden octets on the page stand in a test, which compares them with what the encoders give', () => {
  const golden = textOf(files.filter((name) => isForTests(name) || name.endsWith('golden.txt')))
  const isCompared = (octets: string): boolean => new RegExp(`(?<![0-9a-f])${octets}(?![0-9a-f])`).test(golden)
  expect(found(page, /^([0-9a-f]{24,})$/gm, 30).filter((octets) => !isCompared(octets))).toEqual([])
})

test('golden octets that the page names are in the file that it names', () => {
  const names = [...page.matchAll(/`(\S*golden\.txt)`((?:,\s+"[^"]+")+)/g)].flatMap(([, file, quoted]) =>
    found(quoted!, /"([^"]+)"/g, 1).map((name) => [file!, name.replaceAll(/\s+/g, ' ')] as const),
  )
  expect(names.length).toBeGreaterThanOrEqual(8)
  const isThere = (file: string, name: string): boolean => textOf([file]).split('\n').includes(name)
  expect(names.filter(([file, name]) => !isThere(file, name))).toEqual([])
})

test('every domain is on the page', () => {
  // What is put into one stands there as what it may be, or as its name in angle brackets.
  const isThere = (domain: string): boolean => new RegExp(`"${domain.replaceAll(/\$\{[^}]*\}/g, '[^"]+')}"`).test(page)
  expect(found(product, /['`](blocktree\/1\/[\w/${}]+)['`]/g, 50).filter((domain) => !isThere(domain))).toEqual([])
})

test('every record is on the page, in its version', () => {
  const isThere = (record: string): boolean => {
    const [kind, version] = record.split("', ")
    return new RegExp(`Record<("\\w+" \\| )*"${kind}"( \\| "\\w+")*, ${version}\\b`).test(page)
  }
  expect(found(product, /\brecord\('(\w+', \d+)/g, 60).filter((record) => !isThere(record))).toEqual([])
})

test('every code is on the page', () => {
  // What Raft says to its own node goes no further.
  const spoken = textOf(files.filter((name) => name.endsWith('.ts') && !isForTests(name) && !name.startsWith('raft/')))
  expect(found(spoken, /\brefused\(\s*'(\w+)'/g, 120).filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})

test('every file that the page names is there', () => {
  const isThere = (name: string): boolean => [core, repository].some((folder) => existsSync(folder + name))
  expect(found(page, /`([\w-]+\/[\w./-]+\.(?:ts|txt))`/g, 15).filter((name) => !isThere(name))).toEqual([])
})
