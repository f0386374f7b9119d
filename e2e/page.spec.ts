/**
 * The page as people use it who see little, who have no mouse, or who read from right to left: every state without a finding
 * of axe at both sizes, in both schemes and with text at 200 %, and everything by keyboard alone.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { expect, proved, test, virtualAuthenticator } from './fixture.ts'
import { expectNothing, phone } from './tool/axe.ts'
import { answerCard, beginPlanting, readCard } from './tool/planting.ts'
import { addText, createFolder, isServed, itemNamed, snapshotOf } from './tool/tree.ts'

/** Where the node answers and the tree is drawn. */
async function open(page: Page, address = './'): Promise<void> {
  await page.goto(address)
  await isServed(page)
  await expect(page.getByText('Saved on this device only')).toBeVisible()
}
const rootIdOf = async (page: Page): Promise<string> => (await snapshotOf(page)).tree.rootId
const row = (page: Page, name: string | RegExp): Locator => page.getByRole('treeitem', { name })
const cell = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('group', { name: 'Picture of the tree' }).getByRole('button', { name })
const view = (page: Page, name: string): Promise<void> => page.getByRole('link', { name, exact: true }).click()

test.describe('axe finds nothing', () => {
  test(proved('in the tree and its sheets'), async ({ page }) => {
    test.setTimeout(240_000)
    await open(page)
    await expectNothing(page, 'first sight')
    const rootId = await rootIdOf(page)
    const photos = await createFolder(page, rootId, 'photos')
    await addText(page, photos, 'sea.txt', 'blue')
    await addText(page, rootId, 'letter.txt', 'dear')
    await row(page, /^photos/).click()
    await expectNothing(page, 'in a folder')
    await page.getByRole('searchbox').fill('nothing is called so')
    await expect(page.getByText('No name contains this')).toBeVisible()
    await expectNothing(page, 'a search without hits')
    await page.getByRole('searchbox').fill('')

    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await expectNothing(page, 'the sheet for adding')
    await page.getByRole('button', { name: 'New folder' }).click()
    await page.getByLabel('Name of the folder').fill('a/b')
    await page.getByRole('button', { name: 'Create' }).click()
    await expect(page.getByRole('alert')).toBeVisible()
    await expectNothing(page, 'a refused name')
    await page.keyboard.press('Escape')

    for (const name of ['Move', 'Who can read this', 'Rename']) {
      await row(page, /^sea/).click()
      if (name === 'Move') await expectNothing(page, 'the sheet of a file')
      await page.getByRole('button', { name }).click()
      await expectNothing(page, `the sheet of a file: ${name}`)
      await page.keyboard.press('Escape')
    }
    await row(page, /^sea/).press('Delete')
    await expect(page.getByRole('button', { name: /^Undo/ })).toBeVisible()
    await expectNothing(page, 'an empty folder, and an undo')
    await view(page, 'Trash')
    await expectNothing(page, 'the trash')
    await page.getByRole('button', { name: 'Empty the trash' }).click()
    await expectNothing(page, 'the question before deleting for good')
    await page.getByRole('button', { name: 'Delete for good', exact: true }).click()
    await expect(page.getByText('The trash is empty.')).toBeVisible()
    await expectNothing(page, 'the empty trash')
    await view(page, 'Storage')
    await expect(page.getByText('In the tree')).toBeVisible()
    await expectNothing(page, 'storage')
  })

  test(proved('in the steps of planting and of recovering'), async ({ page }) => {
    test.setTimeout(240_000)
    await open(page, './#/recover')
    await expectNothing(page, 'recovering')
    await page.locator('input[type=file][accept=".bt"]').setInputFiles({
      name: 'not-an-archive.bt',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('this is none'),
    })
    await expect(page.getByRole('alert')).toBeVisible()
    await expectNothing(page, 'a file that is no archive')
    await view(page, 'Tree')
    await page.getByRole('button', { name: 'Plant it' }).click()
    await expectNothing(page, 'names')
    await beginPlanting(page, { owner: 'Ada' })
    await expectNothing(page, 'the passkey')
    await virtualAuthenticator(page)
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    await expect(page.getByRole('heading', { name: 'Your recovery card' })).toBeVisible()
    await expectNothing(page, 'the card')
    const words = await readCard(page)
    await answerCard(page, words, () => 'wrong')
    await expect(page.getByRole('alert')).toBeVisible()
    await expectNothing(page, 'a wrong word')
    await answerCard(page, words)
    await expect(page.getByRole('heading', { name: 'Sign with your passkey' })).toBeVisible()
    await expectNothing(page, 'the signature')
    await page.getByRole('button', { name: 'Sign and plant' }).click()
    await expect(page.getByRole('heading', { name: 'Your tree is planted' })).toBeVisible({ timeout: 60_000 })
    await expectNothing(page, 'planted')
    await view(page, 'Storage')
    await page.getByRole('button', { name: 'Save an archive' }).click()
    await expect(page.getByRole('button', { name: 'Download the archive' })).toBeVisible()
    await expectNothing(page, 'storage of a planted tree')
  })

  test.describe('where no node answers', () => {
    // Else the worker's script may come from the cache of the service worker.
    test.use({ serviceWorkers: 'block' })
    test(proved('and the wait names its cause'), { tag: '@wide' }, async ({ page, problems }) => {
      problems.allow(/./)
      await page.route(/node\.worker/, () => {})
      await page.goto('./')
      await expect(page.getByText('takes longer than usual')).toBeVisible()
      await expectNothing(page, 'waiting')
      await expect(page.getByText('Still waiting')).toBeVisible()
    })

    test(proved('and the failure says so'), async ({ page, problems }) => {
      problems.allow(/./)
      await page.route(/node\.worker/, (route) => route.abort())
      await page.goto('./')
      await expect(page.getByRole('heading', { name: 'This tree cannot be opened here' })).toBeVisible()
      await expectNothing(page, 'failed')
    })
  })
})

test.describe('by keyboard alone', () => {
  /** Goes to an element as a person does who has no mouse. */
  async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
    for (let pressed = 0; pressed < 80; pressed++) {
      if ((await target.count()) > 0 && (await target.first().evaluate(hasFocus))) return
      await page.keyboard.press(key)
    }
    throw new Error(`${String(target)} cannot be reached by ${key}.`)
  }
  const hasFocus = (element: Element): boolean =>
    (element.getRootNode() as Document | ShadowRoot).activeElement === element
  async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
    await tabTo(page, target)
    await page.keyboard.press(key)
  }
  const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true })

  test('a tree is planted', async ({ page }) => {
    await open(page)
    await press(page, button(page, 'Plant it'))
    await tabTo(page, page.getByLabel('What should your devices call you?'))
    await page.keyboard.type('Ada')
    await page.keyboard.press('Enter')
    await press(page, button(page, 'Go on with the card alone'))
    const list = page.getByRole('list', { name: 'The twelve words' }).getByRole('listitem')
    await expect(list).toHaveCount(12)
    const words = await list.allInnerTexts()
    await press(page, button(page, 'I have them'))
    const fields = page.getByRole('textbox', { name: /^Word/ })
    await expect(fields).toHaveCount(3)
    for (const field of await fields.all()) {
      await tabTo(page, field)
      await page.keyboard.type(words[Number((await field.getAttribute('name'))!.slice('word-'.length))]!)
    }
    await page.keyboard.press('Enter')
    await press(page, button(page, 'Plant the tree'))
    await expect(page.getByRole('heading', { name: 'Your tree is planted' })).toBeVisible({ timeout: 60_000 })
    await press(page, page.getByRole('link', { name: 'Go to the tree' }))
    await expect(cell(page, /^Ada’s tree, folder/)).toBeVisible()
  })

  test('files are kept, found, renamed, moved, deleted, restored and opened', async ({ page, context }) => {
    await open(page)
    await press(page, button(page, 'Add'))
    await press(page, button(page, 'New folder'))
    await page.keyboard.type('Letters')
    await page.keyboard.press('Enter')
    await expect(row(page, /^Letters/)).toBeVisible()
    const rootId = await rootIdOf(page)
    await addText(page, rootId, 'apple.txt', 'an apple')
    await addText(page, rootId, 'avocado.txt', 'an avocado')

    // Letters jump; F2 renames, and the focus comes back to the row.
    await tabTo(page, page.locator('[role=treeitem][tabindex="0"]'))
    await page.keyboard.type('av')
    await expect(row(page, /^avocado/)).toBeFocused()
    await page.keyboard.press('F2')
    await page.keyboard.type('pear')
    await page.keyboard.press('Enter')
    await expect(row(page, /^pear\.txt/)).toBeFocused()
    await expect(page.getByText('Renamed to pear.txt')).toHaveCount(2)

    // Moved by the sheet of actions.
    await page.keyboard.press(' ')
    await press(page, button(page, 'Move'))
    await press(page, button(page, 'Letters'))
    await press(page, button(page, 'Move to Letters'))
    await expect.poll(async () => (await itemNamed(page, 'pear.txt'))?.parentId).not.toBe(rootId)

    // Unfolded, gone through, and folded.
    await expect(page.locator('[role=treeitem]:focus')).toHaveCount(1)
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await expect(row(page, /^pear/)).toBeFocused()
    await expect(row(page, /^pear/)).toHaveAttribute('aria-level', '2')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await expect(row(page, /^pear/)).toHaveCount(0)

    // Deleted and taken back.
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowUp')
    await expect(row(page, /^apple/)).toBeFocused()
    await page.keyboard.press('Delete')
    await expect(row(page, /^apple/)).toHaveCount(0)
    await expect(page.locator('[role=treeitem]:focus')).toHaveCount(1)
    await page.keyboard.press('Control+z')
    await expect(row(page, /^apple/)).toBeVisible()

    // Deleted and restored from the trash.
    await page.keyboard.type('a')
    await expect(row(page, /^apple/)).toBeFocused()
    await page.keyboard.press('Delete')
    await expect(row(page, /^apple/)).toHaveCount(0)
    await press(page, page.getByRole('link', { name: 'Trash' }))
    await press(page, button(page, 'Restore apple.txt'))
    await expect(page.getByText('The trash is empty.')).toBeVisible()
    await press(page, page.getByRole('link', { name: 'Tree', exact: true }))

    // Found and opened, in a tab of its own.
    await tabTo(page, page.getByRole('searchbox'))
    await page.keyboard.type('pear')
    await tabTo(page, row(page, /^pear/))
    const opened = context.waitForEvent('page')
    await page.keyboard.press('Enter')
    await expect((await opened).getByText('an avocado')).toBeVisible()
  })

  test('the picture is walked by arrows', async ({ page }) => {
    await open(page)
    const rootId = await rootIdOf(page)
    const photos = await createFolder(page, rootId, 'photos')
    await addText(page, photos, 'sea.txt', 'blue')
    await tabTo(page, cell(page, /^Your tree/))
    await page.keyboard.press('ArrowUp')
    await expect(cell(page, /^photos/)).toBeFocused()
    await page.keyboard.press('ArrowRight')
    await expect(cell(page, /^Welcome/)).toBeFocused()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowUp')
    await expect(cell(page, /^sea/)).toBeFocused()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('navigation', { name: 'Path to this folder' })).toContainText('photos')
    await expect(row(page, /^sea/)).toBeVisible()
    await expect(cell(page, /^Welcome/)).toHaveCount(0)
  })
})

test.describe('what comes in', () => {
  test('files and whole folders by drop', async ({ page }, info) => {
    const folder = info.outputPath('holiday')
    await mkdir(join(folder, 'may', 'empty'), { recursive: true })
    await writeFile(join(folder, 'may', 'sea.txt'), 'blue')
    // More than a directory reader gives at once.
    for (let at = 0; at < 120; at++) await writeFile(join(folder, `page ${at}.txt`), String(at))
    await open(page)
    const target = (await row(page, /^Welcome/).boundingBox())!
    const devtools = await page.context().newCDPSession(page)
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      const data = { items: [], files: [folder], dragOperationsMask: 1 }
      await devtools.send('Input.dispatchDragEvent', { type, x: target.x + 5, y: target.y + 5, data })
      if (type === 'dragOver') await expect(page.getByText('Let go to add to Your tree')).toBeVisible()
    }
    await expect(page.getByText('122 files added to Your tree')).toHaveCount(2, { timeout: 60_000 })
    const { items } = await snapshotOf(page)
    const at = (...names: string[]) =>
      names.reduce(
        (parentId, name) => items.find((item) => item.parentId === parentId && item.name === name)!.id,
        items.find((item) => item.parentId === null)!.id,
      )
    expect(items.find(({ id }) => id === at('holiday', 'may', 'sea.txt'))?.sizeBytes).toBe(4)
    expect(items.find(({ id }) => id === at('holiday', 'may', 'empty'))?.kind).toBe('folder')
    expect(items.filter(({ parentId }) => parentId === at('holiday'))).toHaveLength(121)
  })

  test('text by paste, but not into a field', async ({ page }) => {
    await open(page)
    const paste = (page: Page) =>
      page.evaluate(() => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', 'remember the milk')
        const target = document.querySelector('bt-shell')!.shadowRoot!.activeElement ?? document.body
        let deepest: Element = target
        while (deepest.shadowRoot?.activeElement) deepest = deepest.shadowRoot.activeElement
        deepest.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, composed: true }))
      })
    await page.getByRole('searchbox').focus()
    await paste(page)
    await page.getByRole('searchbox').blur()
    await paste(page)
    await expect(row(page, /^Note of/)).toHaveCount(1)
    await expect(page.getByText('1 file added to Your tree')).toHaveCount(2)
    expect((await snapshotOf(page)).items.filter(({ kind }) => kind === 'file')).toHaveLength(2)
  })

  test('a long one shows how far it is, and can be stopped', async ({ page }) => {
    await page.setViewportSize(phone)
    await open(page)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Files from this device' }).click()
    // So large that it cannot be in before it is stopped.
    await page.evaluate(() => {
      const input = document
        .querySelector('bt-shell')!
        .shadowRoot!.querySelector('bt-add-sheet')!
        .shadowRoot!.querySelector<HTMLInputElement>('#files')!
      const transfer = new DataTransfer()
      const name = `film of ${'one summer and '.repeat(12)}no end.bin`
      transfer.items.add(new File([new Uint8Array(300_000_000)], name))
      input.files = transfer.files
      input.dispatchEvent(new Event('change'))
    })
    await chooser
    const work = page.getByRole('region', { name: 'Work in progress' })
    await expect(work.getByText(/^Adding film of/)).toBeVisible()
    await expect(work.getByText(/MB\/s · .* left/)).toBeVisible()
    const cancel = work.getByRole('button', { name: /^Cancel: Adding film of/ })
    await expect(cancel).toBeInViewport({ ratio: 1 })
    await cancel.click()
    await expect(work).toHaveCount(0)
    await expect(cell(page, /^film/)).toHaveCount(0)
  })
})

test(
  'a deletion, a move and a new name can be taken back for ten seconds, not longer',
  { tag: '@wide' },
  async ({ page }) => {
    await open(page)
    const rootId = await rootIdOf(page)
    const folderId = await createFolder(page, rootId, 'letters')
    const id = await addText(page, rootId, 'draft.txt', 'dear')
    const parentOf = async () => (await snapshotOf(page)).items.find((item) => item.id === id)?.parentId

    await row(page, /^draft/).dragTo(row(page, /^letters/))
    await expect.poll(parentOf).toBe(folderId)
    await page.getByRole('button', { name: /^Undo/ }).click()
    await expect.poll(parentOf).toBe(rootId)

    await row(page, /^draft/).press('F2')
    await page.getByRole('textbox', { name: 'Name' }).fill('final.txt')
    await page.keyboard.press('Enter')
    await expect(row(page, /^final/)).toBeVisible()
    await page.getByRole('button', { name: /^Undo/ }).click()
    await expect(row(page, /^draft/)).toBeVisible()

    await row(page, /^draft/).press('Delete')
    // The seconds stand still while the pointer rests on them.
    await page.mouse.move(5, 5)
    const undo = page.getByRole('button', { name: /^Undo/ })
    await expect(undo).toContainText('10')
    await page.getByRole('searchbox').focus()
    await expect(undo).toContainText('8')
    const seenAtMs = performance.now()
    await expect(undo).toHaveCount(0, { timeout: 20_000 })
    expect(performance.now() - seenAtMs).toBeGreaterThan(6000)
    expect((await itemNamed(page, 'draft.txt'))?.trashedAtMs).not.toBeNull()
  },
)

test('a write runs down from its cell to the root, unless a person wants no motion', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  await open(page)
  const rootId = await rootIdOf(page)
  const folderId = await createFolder(page, rootId, 'letters')
  const glowing = (name: RegExp) =>
    cell(page, name).evaluate((cell) => cell.querySelector('.glow')!.getAnimations().length)
  await page.waitForFunction(() => document.getAnimations().length === 0)
  await addText(page, folderId, 'draft.txt', 'dear')
  for (const name of [/^draft/, /^letters/, /^Your tree/]) expect(await glowing(name)).toBeGreaterThan(0)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await addText(page, folderId, 'second.txt', 'dear')
  await expect(cell(page, /^second/)).toBeVisible()
  expect(await glowing(/^second/)).toBe(0)
})

test('names that objects know, and names from right to left, are names like others', async ({ page }) => {
  await open(page)
  const rootId = await rootIdOf(page)
  for (const name of ['__proto__', 'constructor', 'toString', 'صورة.txt']) await addText(page, rootId, name, name)
  for (const name of [/^__proto__, file/, /^constructor, file/, /^toString, file/, /^صورة\.txt, file/]) {
    await expect(row(page, name)).toBeVisible()
    await expect(cell(page, name)).toBeVisible()
  }
  await page.getByRole('searchbox').fill('PROTO')
  await expect(page.getByRole('treeitem')).toHaveCount(1)
  await row(page, /^__proto__/).press('Delete')
  await view(page, 'Trash')
  await expect(page.getByRole('button', { name: 'Restore __proto__' })).toBeVisible()
})

test('a name that cannot be had is refused beside its field', async ({ page }) => {
  await open(page)
  const rootId = await rootIdOf(page)
  await createFolder(page, rootId, 'one')
  await row(page, /^one/).press('F2')
  await page.getByRole('textbox', { name: 'Name' }).fill('two/three')
  await page.keyboard.press('Enter')
  await expect(row(page, /^one/).getByRole('alert')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(row(page, /^one/)).toBeFocused()
})

test('the tree stands on a folder that goes away no longer than that is there', async ({ page }) => {
  await page.setViewportSize(phone)
  await open(page)
  const photos = await createFolder(page, await rootIdOf(page), 'photos')
  await addText(page, photos, 'sea.txt', 'blue')
  await cell(page, /^photos/).click()
  await expect(cell(page, /^photos/)).toBeVisible()
  await expect(cell(page, /^sea/)).toBeVisible()
  await page.getByRole('button', { name: 'Actions for photos' }).click()
  await page.getByRole('button', { name: 'Delete' }).click()
  await expect(cell(page, /^Your tree/)).toBeVisible()
  await expect(cell(page, /^photos/)).toHaveCount(0)
  await page.getByRole('button', { name: 'List' }).click()
  await expect(row(page, /^Welcome/)).toBeVisible()
})

test('what has no room in the picture is one press away', async ({ page }) => {
  await page.setViewportSize(phone)
  await open(page)
  const rootId = await rootIdOf(page)
  const letters = await createFolder(page, rootId, 'letters')
  for (const name of ['one', 'two', 'three', 'four']) await addText(page, letters, `${name}.txt`, name)
  for (let at = 0; at < 9; at++) await createFolder(page, rootId, `parcel ${at}`)

  // In a narrow folder: that folder becomes the ground, and has the room.
  await cell(page, '4 more in letters').click()
  await expect(cell(page, /^letters/)).toBeVisible()
  await expect(cell(page, /^four/)).toBeVisible()

  // On the ground itself: the list has them all.
  await page.getByRole('button', { name: 'Your tree', exact: true }).click()
  await cell(page, /more in Your tree$/).click()
  await expect(row(page, /^parcel 8/)).toBeVisible()
})

test('first sight says what has begun, and grows', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  await open(page)
  await expect(page.getByRole('heading', { name: 'Here your tree begins' })).toBeVisible()
  const leaf = page.locator('bt-tree .leaf').first()
  expect(await leaf.evaluate((leaf) => getComputedStyle(leaf).animationName)).toBe('open')
  await cell(page, /^Welcome/).click()
  await page.getByRole('button', { name: 'Who can read this' }).click()
  await expect(page.getByText('Holds a key to the whole tree')).toBeVisible()
})

test(
  'on a phone messages lie over nothing that is wanted next, text at 100 % and at 200 %',
  { tag: '@wide' },
  async ({ page }) => {
    await page.setViewportSize(phone)
    await open(page)
    const rootId = await rootIdOf(page)
    for (let at = 0; at < 5; at++) await createFolder(page, rootId, `parcel ${at}`)
    for (const [text, deleted] of [
      ['100%', [0, 1]],
      ['200%', [2, 3]],
    ] as const)
      await test.step(text, async () => {
        await open(page)
        await page.evaluate((text) => (document.documentElement.style.fontSize = text), text)
        await page.getByRole('button', { name: 'List', exact: true }).click()
        for (const at of deleted) await row(page, new RegExp(`^parcel ${at}`)).press('Delete')
        await expect(page.getByRole('button', { name: /^Undo/ })).toHaveCount(2)
        // A press waits until nothing else would get it, and is told where it never comes to that.
        await page.getByRole('button', { name: 'Add', exact: true }).click()
        await page.keyboard.press('Escape')
        await row(page, /^Welcome/).click()
        await expect(page.getByRole('button', { name: 'Download' })).toBeVisible()
      })
  },
)
