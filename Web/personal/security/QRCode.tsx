/** The bank works the code out and sends it as a picture; its squares are drawn anew here, so that no foreign markup enters the page. */
export function QRCode({ svg, label }: { svg: string; label: string }) {
  const viewBox = /viewBox="([\d. -]+)"/.exec(svg)?.[1] ?? '0 0 1 1';
  const paths = Array.from(svg.matchAll(/<path([^>]*)\/>/g), (match) => match[1] ?? '');
  return (
    <svg viewBox={viewBox} width="216" height="216" shapeRendering="crispEdges" role="img" aria-label={label}>
      {paths.map((attributes) => (
        <path
          key={attributes.length}
          d={/ d="([^"]*)"/.exec(attributes)?.[1]}
          fill={attributes.includes('fill="#fff"') ? '#fff' : '#000'}
        />
      ))}
    </svg>
  );
}
