import { describe, expect, test } from 'vitest'
import { toHex } from '../../core/bytes/bytes.ts'
import { fingerprintOf } from './fingerprint.ts'

const named = (octet: string): string => Array.from({ length: 32 }, () => octet).join(':')
const description = (...lines: readonly string[]): RTCSessionDescriptionInit => ({
  type: 'offer',
  sdp: ['v=0', 's=-', ...lines, 'a=setup:actpass', ''].join('\r\n'),
})

describe('the certificate of a description', () => {
  test('is the one that it names, be it in several places', () => {
    const line = `a=fingerprint:sha-256 ${named('AB')}`
    expect(toHex(fingerprintOf(description(line))!)).toBe('ab'.repeat(32))
    expect(toHex(fingerprintOf(description(line, 'm=application', line))!)).toBe('ab'.repeat(32))
  })

  test.each([
    { name: 'names none', lines: [] },
    { name: 'names two', lines: [`a=fingerprint:sha-256 ${named('AB')}`, `a=fingerprint:sha-256 ${named('CD')}`] },
    { name: 'names one by another hash', lines: ['a=fingerprint:sha-1 AB:CD'] },
    {
      name: 'names a second one by another hash',
      lines: [`a=fingerprint:sha-256 ${named('AB')}`, `a=fingerprint:sha-512 ${named('CD')}`],
    },
    { name: 'is cut short', lines: [`a=fingerprint:sha-256 ${named('AB').slice(3)}`] },
    {
      name: 'hides a second one behind a lone return',
      lines: [`a=fingerprint:sha-256 ${named('AB')}\ra=fingerprint:x`],
    },
    { name: 'writes it otherwise', lines: [`A=Fingerprint: sha-256 ${named('AB')}`] },
  ])('is not known where it $name', ({ lines }) => expect(fingerprintOf(description(...lines))).toBeNull())

  test('is not known without a description', () => expect(fingerprintOf(null)).toBeNull())
})
