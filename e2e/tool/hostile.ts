/**
 * Files that try to reach what they must not: each kind that a browser gives a life of its own.
 * @module
 */

export interface HostileFile {
  readonly name: string
  readonly type: string
  readonly body: string
  /** What is reached at the stranger where nothing holds the file back: as `GET /path`. */
  readonly reaches: readonly string[]
}

/** What a script does first, where it runs. @param mark by which the stranger knows the file */
const script = (stranger: string, mark: string): string =>
  `fetch('${stranger}/script-of-${mark}', { mode: 'no-cors' }); document.documentElement.setAttribute('data-ran', 'yes')`

/** @param stranger an origin. @param home the tree's own address, with a slash at its end */
export function hostileFiles(stranger: string, home: string): readonly HostileFile[] {
  return [
    {
      name: 'attack.html',
      type: 'text/html',
      body: `<!doctype html><html><head>
<link rel="icon" href="${stranger}/icon">
<link rel="stylesheet" href="${stranger}/style">
<link rel="stylesheet" href="${home}assets/none.css">
<link rel="preconnect" href="${stranger}">
<link rel="prefetch" href="${stranger}/prefetch">
<link rel="preload" as="image" href="${stranger}/preload">
<link rel="modulepreload" href="${stranger}/modulepreload">
<link rel="manifest" href="${stranger}/manifest">
<script type="speculationrules">{"prefetch":[{"source":"list","urls":["${home}speculation"],"eagerness":"immediate"}]}</script>
<style>@import url(${stranger}/import); @font-face { font-family: far; src: url(${stranger}/font) }
p { font-family: far; background: url(${stranger}/background) }</style>
</head><body><p>shown</p>
<img src="${stranger}/image" onerror="${script(stranger, 'html').replaceAll('"', '&quot;')}">
<img src="${home}icon.svg"><img src="../icon-192.png" srcset="${stranger}/srcset 2x">
<picture><source srcset="${stranger}/source"><img src="${stranger}/picture"></picture>
<video src="${stranger}/video" poster="${stranger}/poster" autoplay></video><audio src="${stranger}/audio" autoplay></audio>
<iframe src="${stranger}/frame"></iframe><iframe src="${home}"></iframe>
<iframe srcdoc="&lt;img src='${stranger}/srcdoc'&gt;"></iframe>
<object data="${stranger}/object"></object><embed src="${stranger}/embed">
<svg><image href="${stranger}/svgimage"/><use href="${stranger}/use#a"/></svg>
<input type="image" src="${stranger}/input">
<table background="${stranger}/table"><tr><td>x</td></tr></table>
<form id="form" action="${home}form" method="post" target="_self"><input name="a" value="b"></form>
<form id="away" action="${stranger}/form"><input name="a" value="b" autofocus onfocus="this.form.submit()"></form>
<a id="ping" href="#here" ping="${stranger}/ping">ping</a>
<script>${script(stranger, 'html')}</script>
<script src="${stranger}/src"></script><script type="module" src="${home}assets/none.js"></script>
</body></html>`,
      reaches: ['script-of-html', 'style', 'image', 'frame', 'object', 'src', 'background'],
    },
    {
      name: 'refresh.html',
      type: 'text/html',
      body: `<!doctype html><meta http-equiv="refresh" content="0;url=${stranger}/refresh"><p>shown</p>`,
      reaches: ['refresh'],
    },
    {
      name: 'attack.svg',
      type: 'image/svg+xml',
      body: `<?xml version="1.0"?><?xml-stylesheet href="${stranger}/svgstyle" type="text/css"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="${script(stranger, 'svg').replaceAll('"', '&quot;')}">
<style>@import url(${stranger}/svgimport);</style>
<image href="${stranger}/svghref" width="9" height="9"/><image xlink:href="${home}icon.svg" width="9" height="9"/>
<use href="${stranger}/svguse#a"/><a href="${stranger}/svglink"><text y="20">shown</text></a>
<foreignObject width="99" height="99"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${stranger}/svgframe"></iframe></foreignObject>
<script>${script(stranger, 'svg')}</script></svg>`,
      reaches: ['script-of-svg', 'svgstyle', 'svghref', 'svgframe'],
    },
    {
      name: 'attack.xhtml',
      type: 'application/xhtml+xml',
      body: `<?xml version="1.0"?><!DOCTYPE html [<!ENTITY far SYSTEM "${stranger}/xhtmlentity">]>
<html xmlns="http://www.w3.org/1999/xhtml"><head><link rel="prefetch" href="${stranger}/xhtmlprefetch"/>
<script>${script(stranger, 'xhtml')}</script></head>
<body onload="fetch('${stranger}/xhtmlonload', {mode: 'no-cors'})"><p>shown</p>
<img src="${stranger}/xhtmlimage"/><img src="${home}icon.svg"/><iframe src="${stranger}/xhtmlframe"></iframe></body></html>`,
      reaches: ['script-of-xhtml', 'xhtmlonload', 'xhtmlimage', 'xhtmlframe'],
    },
    {
      name: 'attack.xml',
      type: 'application/xml',
      body: `<?xml version="1.0"?><?xml-stylesheet type="text/css" href="${stranger}/xmlstyle"?>
<!DOCTYPE root [<!ENTITY far SYSTEM "${stranger}/xmlentity"><!ENTITY near SYSTEM "${home}index.html">]>
<root xmlns:h="http://www.w3.org/1999/xhtml">shown <h:script>${script(stranger, 'xml')}</h:script>
<h:img src="${stranger}/xmlimage"/><h:iframe src="${stranger}/xmlframe"/></root>`,
      reaches: ['script-of-xml', 'xmlstyle', 'xmlimage', 'xmlframe'],
    },
    {
      name: 'style.xml',
      type: 'application/xml',
      body: `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="${home}icon.svg"?>
<?xml-stylesheet type="text/xsl" href="${stranger}/xsl"?><root>shown</root>`,
      reaches: [],
    },
    {
      name: 'transform.xml',
      type: 'application/xml',
      body: `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="data:text/xsl,${encodeURIComponent(
        `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><html><body><p>transformed</p><script>${script(stranger, 'xslt')}</script><img src="${stranger}/xsltimage"/></body></html></xsl:template></xsl:stylesheet>`,
      )}"?><root>shown</root>`,
      reaches: [],
    },
    {
      name: 'attack.pdf',
      type: 'application/pdf',
      body: pdfOf([
        '<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R/AA<</WC 5 0 R>>>>',
        '<</Type/Pages/Kids[3 0 R]/Count 1>>',
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/AA<</O 5 0 R>>/Annots[6 0 R]>>',
        `<</S/JavaScript/JS(app.launchURL\\("${stranger}/pdfscript"\\); this.submitForm\\("${home}pdfform"\\);)>>`,
        `<</S/URI/URI(${stranger}/pdfuri)>>`,
        `<</Type/Annot/Subtype/Link/Rect[0 0 200 200]/A<</S/SubmitForm/F<</FS/URL/F(${stranger}/pdfsubmit)>>>>>>`,
      ]),
      reaches: [],
    },
  ]
}

/** ISO 32000-1 §7.5: the objects, where each begins, and which is the first. */
function pdfOf(objects: readonly string[]): string {
  let text = '%PDF-1.7\n'
  const starts = objects.map((object, at) => {
    const start = text.length
    text += `${at + 1} 0 obj${object}endobj\n`
    return `${String(start).padStart(10, '0')} 00000 n \n`
  })
  const size = objects.length + 1
  return `${text}xref\n0 ${size}\n0000000000 65535 f \n${starts.join('')}trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF\n`
}
