"""The live screen: draws frozen frames in a process of its own, and is only ever a reader.

`sim` fills a `Frame` and hands it to `Screen`; nothing here knows an actor, a fault or a clock.

- `frame`: what the screen can show, as plain frozen values.
- `history`: a bounded series over a whole run.
- `units`, `theme`, `rows`, `bars`, `sparkline`: how numbers, colours, lines and charts look.
- `ascii`: what stands for a sign where the output cannot write it.
- `panels/`: one panel a file; each turns part of a frame into lines.
- `layout`, `screen`: which panels, where; `render(frame, width, height)` is pure.
- `notice`: what is shown before the first frame.
- `plain`: one plain line a second, where there is no terminal.
- `final`: the last frame and the verdict, left on the normal screen.
- `export`: a frame as SVG.
- `wire`, `live`: the pipeline's side of the screen: whole messages down a pipe that never blocks.
- `__main__`, `child`, `terminal`, `paint`: the screen's own process, which owns the terminal and always gives it back.
"""
