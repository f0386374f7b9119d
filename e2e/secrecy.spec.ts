/**
 * Nothing that a person keeps or is called stands anywhere in the browser's folder, in whatever writing.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { downloadFile, hashOnDisk, openFile, pickFiles, rowOf } from './tool/files.ts'
import { plant } from './tool/planting.ts'
import { addText, createFolder, isServed, snapshotOf } from './tool/tree.ts'
import { findTraces, formsOf } from './tool/traces.ts'

/** A word that nobody else writes. */
const word = (kind: string): string =>
  kind +
  randomBytes(12)
    .toString('hex')
    .replaceAll(/\d/g, (digit) => 'ghijklmnop'[+digit]!)

const sizeMiB = isProving ? 100 : 16
const title = `${sizeMiB} MiB come back unchanged, and no name and no content is plain on the disk`

test(proved(title), async ({ profile }, info) => {
  test.setTimeout(240_000)
  const names = {
    owner: word('Owner'),
    device: word('Device'),
    folder: word('Folder'),
    large: `${word('large')}.bin`,
    note: `${word('Note')}.txt`,
    renamed: `${word('Renamed')}.txt`,
    trashed: `${word('Trashed')}.html`,
  }
  const inNote = word('inthenote')
  const inTrash = word('inthetrash')
  const control = word('incontrol')

  const random = randomBytes(sizeMiB << 20)
  const hash = createHash('sha256').update(random).digest('hex')
  const path = info.outputPath(names.large)
  await writeFile(path, random)

  const page = await profile.open()
  await isServed(page)
  // Some of it lies in the local tree first, and moves in.
  const { rootId } = (await snapshotOf(page)).tree
  await addText(page, rootId, names.note, `A line with ${inNote} in it.\n`.repeat(40))
  await virtualAuthenticator(page)
  const card = await plant(page, { owner: names.owner, device: names.device })

  await pickFiles(page, path)
  await expect(rowOf(page, names.large)).toBeVisible({ timeout: 90_000 })
  const root = (await snapshotOf(page)).tree.rootId
  await createFolder(page, root, names.folder)
  await addText(page, root, names.trashed, `<p>${inTrash}</p>`)
  const note = await openFile(page, names.note)
  await expect(note.getByText(inNote).first()).toBeVisible()
  await note.close()
  // What is typed goes to the browser before it goes to the node.
  await rowOf(page, names.note).press('F2')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(names.renamed)
  await page.keyboard.press('Enter')
  await expect(rowOf(page, names.renamed)).toBeFocused()
  await rowOf(page, names.trashed).press('Delete')
  await expect(rowOf(page, names.trashed)).toHaveCount(0)
  await page.getByRole('searchbox').fill(names.renamed)
  await expect(rowOf(page, names.renamed)).toBeVisible()
  await page.getByRole('searchbox').fill('')

  const download = await downloadFile(page, names.large)
  expect(download.suggestedFilename()).toBe(names.large)
  expect(await hashOnDisk(await download.path())).toBe(hash)
  await download.delete()

  await page.evaluate(async (control) => {
    localStorage.setItem('control', control)
    const opening = indexedDB.open('control')
    await new Promise((resolve) => {
      opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('control').put(control, 'key'))
      opening.addEventListener('success', resolve)
    })
    opening.result.close()
  }, control)
  await profile.close()

  const slices = [0, 1 << 20, random.length / 2, random.length - 32]
  const markers = new Map<string, string | Uint8Array>([
    ...Object.entries(names).map(([label, name]) => [label, name.replace(/\.\w+$/, '')] as const),
    ['in the note', inNote],
    ['in the trash', inTrash],
    ['on the card', card.slice(0, 4).join(' ')],
    ...slices.map((at) => [`octets at ${at}`, random.subarray(at, at + 32)] as const),
    ['control', control],
  ])
  const traces = await findTraces(profile.folder, markers)
  expect(traces.filter(({ marker }) => marker !== 'control')).toEqual([])
  const controls = traces.filter(({ marker }) => marker === 'control').map(({ file }) => file)
  expect(controls.some((file) => file.includes('Local Storage'))).toBe(true)
  expect(controls.some((file) => file.includes('IndexedDB'))).toBe(true)
})

test('the search finds every writing, wherever it begins', async () => {
  const folder = test.info().outputPath('planted')
  await mkdir(join(folder, 'deeper'), { recursive: true })
  const text = word('planted')
  const octets = randomBytes(32)
  const around = (before: number, written: string | Uint8Array): Uint8Array =>
    Buffer.concat([randomBytes(before), Buffer.from(written), randomBytes(5)])
  const base64 = (before: number, value: Uint8Array): string =>
    Buffer.concat([randomBytes(before), value, randomBytes(7)]).toString('base64')
  const little = Buffer.from(text, 'utf16le')
  const plantings: Readonly<Record<string, Uint8Array>> = {
    'octets of text': around(3, text),
    'utf-16le': around(4, little),
    'utf-16be': around(5, Buffer.from(little).swap16()),
    'hex of text': around(0, Buffer.from(text).toString('hex')),
    'HEX of text': around(1, Buffer.from(text).toString('hex').toUpperCase()),
    'base64+0 of text': around(2, base64(0, Buffer.from(text))),
    'base64+1 of text': around(3, base64(4, Buffer.from(text))),
    'base64+2 of text': around(0, base64(2, Buffer.from(text))),
    'base64url+1 of text': around(0, base64(1, Buffer.from(text)).replaceAll('+', '-').replaceAll('/', '_')),
    'octets of octets': around(9, octets),
    'hex of octets': around(9, octets.toString('hex')),
    'base64+2 of octets': around(9, base64(8, octets)),
    'base64url+2 of octets': around(9, base64(8, octets).replaceAll('+', '-').replaceAll('/', '_')),
    nothing: around(9, word('other')),
  }
  for (const [file, content] of Object.entries(plantings)) await writeFile(join(folder, 'deeper', file), content)
  await writeFile(join(folder, `${text}.txt`), '')
  const traces = await findTraces(
    folder,
    new Map<string, string | Uint8Array>([
      ['text', text],
      ['octets', octets],
    ]),
  )
  const files = new Set(traces.map(({ file }) => file))
  for (const file of Object.keys(plantings)) expect.soft(files.has(join('deeper', file)), file).toBe(file !== 'nothing')
  expect(files.has(`${text}.txt`)).toBe(true)
  expect(Math.min(...[...formsOf(text).values()].map(({ length }) => length))).toBeGreaterThan(20)
})
