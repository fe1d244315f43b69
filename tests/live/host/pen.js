// mgraphics for [jsui]: takes the calls of Cycling 74's documentation and remembers what was drawn.

const CALLS = `init move_to line_to rel_line_to curve_to arc ellipse rectangle rectangle_rounded close_path
  stroke stroke_preserve stroke_with_alpha fill fill_preserve fill_with_alpha set_source_rgba set_source_rgb
  set_line_width set_line_cap set_line_join set_dash select_font_face set_font_size show_text text_path
  translate rotate scale save restore identity_matrix new_path paint paint_with_alpha`.split(/\s+/);

export function pen(spec, redraw) {
  const [, , width, height] = spec.presentation_rect ?? spec.patching_rect;
  const made = { relative_coords: 0, autofill: 1, size: [width, height], drawn: [] };
  for (const name of CALLS) made[name] = (...values) => void made.drawn.push([name, ...values.flat()]);
  made.redraw = () => {
    made.drawn = [];
    redraw();
  };
  return made;
}
