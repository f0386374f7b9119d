import { describe, expect, test } from 'vitest'
import { fit, labelOf } from './label.ts'

/** Every letter is ten pixels wide and a line twenty high. */
const measure = (text: string) => 10 * text.length
const write = (text: string, widthPx: number, heightPx: number) => labelOf(text, widthPx, heightPx, 20, measure)

describe('a label', () => {
  test.each([
    ['what fits lies', 'letters', 70, 100, ['letters'], false],
    ['breaks between words', 'summer in Brittany', 90, 60, ['summer in', 'Brittany'], false],
    ['breaks after a hyphen', 'mid-summer', 60, 60, ['mid-', 'summer'], false],
    ['is cut in the second line', 'summer in the far west', 90, 60, ['summer in', 'the far…'], false],
    ['has one line in a low cell', 'summer in Brittany', 90, 30, ['summer i…'], false],
    ['stands where it would be cut', 'shopping.txt', 30, 120, ['shopping.txt'], true],
    ['stands in two lines where there is room', 'notes of the summer', 40, 120, ['notes of the', 'summer'], true],
    ['is cut also when it stands', 'electroencephalogram', 20, 100, ['electroen…'], true],
    ['does not stand in a cell that is wider than high', 'electroencephalogram', 100, 90, ['electroen…'], false],
  ] as const)('%s', (_, text, widthPx, heightPx, lines, isStanding) =>
    expect(write(text, widthPx, heightPx)).toEqual({ lines, isStanding }),
  )

  test('is cut by characters as they are seen', () => {
    expect(fit('👩‍👩‍👧 family', 110, measure)).toBe('👩‍👩‍👧 f…')
    expect(fit('anything', 5, measure)).toBe('')
  })
})
