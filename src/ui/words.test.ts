import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { joinWords } from './join/words.ts'
import { words } from './words.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('test.ts'))
  .map((name) => readFileSync(folder + name, 'utf8').replace(/^export const (words|joinWords) = \{.*/ms, ''))
  .join('\n')

/** Asked for by its name, as a property or one of those that are taken out of an object, or by a name that is computed. */
const isAsked = (key: string, group: string): boolean =>
  new RegExp(`\\.${key}\\b|\\{[^{}=]*\\b${key}\\b[^{}=]*\\} = |\\b${group}\\[`).test(code)

function unasked(text: object, group: string): readonly string[] {
  return Object.entries(text).flatMap(([key, value]) =>
    typeof value === 'object' && !Array.isArray(value)
      ? unasked(value, key)
      : isAsked(key, group)
        ? []
        : [`${group}.${key}`],
  )
}

test.each([
  ['words', words],
  ['joinWords', joinWords],
] as const)('%s has no sentence that the page never shows', (name, text) => expect(unasked(text, name)).toEqual([]))
