// The page of OpenID Connect Session Management 1.0 §3.2: an app's frame asks "client_id session_state" and
// is told whether the browser's state is still the one it was hashed with. Plain ES5; nothing is loaded,
// nothing is sent anywhere but back.
(function () {
  'use strict';

  function utf8(text) {
    return unescape(encodeURIComponent(text));
  }

  // SHA-256 (FIPS 180-4); its constants are the fractional parts of roots of primes.
  var k = [], h0 = [];
  (function () {
    var n = 2, prime, i;
    function part(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }
    while (k.length < 64) {
      prime = true;
      for (i = 2; i * i <= n; i++) { if (n % i === 0) { prime = false; break; } }
      if (prime) {
        if (h0.length < 8) { h0.push(part(Math.sqrt(n))); }
        k.push(part(Math.pow(n, 1 / 3)));
      }
      n++;
    }
  }());

  function rotate(x, n) { return (x >>> n) | (x << (32 - n)); }

  function sha256(text) {
    var bytes = utf8(text), length = bytes.length, words = [], h = h0.slice(), w, i, j, s, t1, t2;
    for (i = 0; i < length; i++) { words[i >> 2] |= bytes.charCodeAt(i) << (24 - (i % 4) * 8); }
    words[length >> 2] |= 0x80 << (24 - (length % 4) * 8);
    words[(((length + 8) >> 6) << 4) + 15] = length * 8;
    for (i = 0; i < words.length; i += 16) {
      w = [];
      s = h.slice();
      for (j = 0; j < 64; j++) {
        if (j < 16) {
          w[j] = words[i + j] | 0;
        } else {
          t1 = w[j - 15];
          t2 = w[j - 2];
          w[j] = (w[j - 16] + (rotate(t1, 7) ^ rotate(t1, 18) ^ (t1 >>> 3)) + w[j - 7] +
            (rotate(t2, 17) ^ rotate(t2, 19) ^ (t2 >>> 10))) | 0;
        }
        t1 = (s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[j] + w[j]) | 0;
        t2 = ((rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]))) | 0;
        s = [(t1 + t2) | 0, s[0], s[1], s[2], (s[3] + t1) | 0, s[4], s[5], s[6]];
      }
      for (j = 0; j < 8; j++) { h[j] = (h[j] + s[j]) | 0; }
    }
    for (i = 0, s = ''; i < 8; i++) { s += ('0000000' + (h[i] >>> 0).toString(16)).slice(-8); }
    return s;
  }

  function browserState() {
    var list = document.cookie.split(/; */), name = '__Host-propusk_state=', i;
    for (i = 0; i < list.length; i++) {
      if (list[i].indexOf(name) === 0) { return list[i].substring(name.length); }
    }
    return '';
  }

  function answer(message, origin) {
    var parts, state, space;
    if (typeof message !== 'string' || message.length > 2048) { return 'error'; }
    space = message.lastIndexOf(' ');
    parts = space > 0 ? message.substring(space + 1).split('.') : [];
    if (parts.length !== 2 || !/^[0-9a-f]{64}$/.test(parts[0]) || parts[1] === '') { return 'error'; }
    state = browserState();
    if (state === '') { return 'changed'; }
    return sha256(message.substring(0, space) + ' ' + origin + ' ' + state + ' ' + parts[1]) === parts[0] ? 'unchanged' : 'changed';
  }

  window.addEventListener('message', function (e) {
    if (e.source === window || !e.source || !e.origin || e.origin === 'null') { return; }
    e.source.postMessage(answer(e.data, e.origin), e.origin);
  }, false);
}());
