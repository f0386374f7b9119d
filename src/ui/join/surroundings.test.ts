import { describe, expect, test } from 'vitest'
import { type BrowserMarks, surroundingsOf } from './surroundings.ts'

const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const android = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)'
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const of = (userAgent: string, more: Partial<BrowserMarks> = {}) =>
  surroundingsOf({ userAgent, maxTouchPoints: 0, isStandalone: false, ...more })

test.each([
  ['Chrome on Android', `${android} Chrome/142.0.0.0 Mobile Safari/537.36`],
  [
    'Chrome on Linux',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  ],
  ['Firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'],
  [
    'Edge, which is no in-app browser',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
  ],
  ['Safari on a Mac', `${mac} Version/18.5 Safari/605.1.15`],
])('%s is fine', (_, userAgent) => expect(of(userAgent)).toEqual({ kind: 'fine' }))

describe('iOS', () => {
  const safari = `${iphone} Version/18.5 Mobile/15E148 Safari/604.1`
  test('Safari is told of the home screen', () => expect(of(safari)).toEqual({ kind: 'homeScreen' }))
  test('so is Chrome, which has the same rules', () =>
    expect(of(`${iphone} CriOS/142.0 Mobile/15E148 Safari/604.1`)).toEqual({ kind: 'homeScreen' }))
  test('an iPad that calls itself a Mac', () =>
    expect(of(`${mac} Version/18.5 Safari/605.1.15`, { maxTouchPoints: 5 })).toEqual({ kind: 'homeScreen' }))
  test('on the home screen all is well', () => {
    expect(of(safari, { isStandalone: true })).toEqual({ kind: 'fine' })
    expect(of(`${iphone} Mobile/15E148`, { isStandalone: true })).toEqual({ kind: 'fine' })
  })
})

test.each([
  ['Instagram', `${iphone} Mobile/15E148 Instagram 345.0.0.26.117 (iPhone15,2; iOS 18_5; en_US; scale=3.00)`],
  ['Facebook', `${iphone} Mobile/15E148 [FBAN/FBIOS;FBAV/470.0.0.38.107;FBBV/610000000]`],
  ['Facebook', `${android} Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/470.0.0.0;]`],
  ['Messenger', `${iphone} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/470.0.0.0]`],
  ['TikTok', `${android} Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36 musical_ly_2023 BytedanceWebview/d8a21c6`],
  ['LinkedIn', `${iphone} Mobile/15E148 [LinkedInApp]/9.29.5`],
  ['WeChat', `${iphone} Mobile/15E148 MicroMessenger/8.0.50(0x1800323b) NetType/WIFI`],
  ['LINE', `${iphone} Mobile/15E148 Safari Line/14.9.0`],
  ['', `${android} Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36; wv)`.replace('Pixel 9)', 'Pixel 9; wv)')],
  ['', `${iphone} Mobile/15E148`],
])('the window of %s is none for a tree', (app, userAgent) => expect(of(userAgent)).toEqual({ kind: 'inApp', app }))
