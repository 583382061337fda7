// What every channel loads. An entry of its own for the bundler, so that this part is one file for all channels, cached once, and
// stays the same when a channel's pages change. What nobody uses of it is still left out.

import 'react';
import 'react/jsx-runtime';
import 'react-dom/client';
import 'axios';
import './api';
import './format';
import './http';
import './i18n';
import './mount';
import './query';
import './router';
import './session';
import './store';
