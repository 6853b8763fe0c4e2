import CopyWebpackPlugin from 'copy-webpack-plugin';
import type { Configuration } from 'webpack';

import scaffolded, { type Env } from './.config/webpack/webpack.config.ts';

/** The provisioned dashboards come with the plugin too, under the paths that plugin.json includes. */
const config = async (env: Env): Promise<Configuration> => {
  const base = await scaffolded(env);
  const dashboards = new CopyWebpackPlugin({
    patterns: [{ from: '../provisioning/dashboards/*.json', to: 'dashboards/[name][ext]' }],
  });
  return { ...base, plugins: [...(base.plugins ?? []), dashboards] };
};

export default config;
