/**
 * Addresses of this site that page and service worker both know.
 * @module
 */

/** `t/<id>` under the site's root is content of the tree; `?as=<profile>` names another profile than the first one. */
export const contentPrefix = 't/'
export const defaultProfile = 'main'
