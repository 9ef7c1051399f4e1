/// The look of the page: one column on a phone, two for plots and samples on a desk, light or dark
/// as the reader's system is set.
let stylesheet = """
    :root {
      color-scheme: light dark;
      --ink: #1f2328; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de; --soft: #59636e;
      --alert: #fff1e5; --alert-line: #bc4c00;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ink: #e6edf3; --paper: #0d1117; --card: #161b22; --line: #30363d; --soft: #9198a1;
        --alert: #2d1d0f; --alert-line: #db6d28;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; color: var(--ink); background: var(--paper);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
    }
    main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.7rem; line-height: 1.25; margin: 0.6rem 0 0.4rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.25rem; margin: 2.2rem 0 0.6rem; padding-bottom: 0.2rem;
      border-bottom: 1px solid var(--line); }
    h3 { font-size: 1rem; margin: 1.3rem 0 0.4rem; overflow-wrap: anywhere; }
    h4 { font-size: 0.9rem; margin: 0 0 0.3rem; }
    p, ul { margin: 0.5rem 0; max-width: 50rem; }
    ul { padding-left: 1.3rem; }
    li { margin: 0.2rem 0; overflow-wrap: anywhere; }
    small { color: var(--soft); font-weight: normal; }
    .alert { background: var(--alert); border-left: 4px solid var(--alert-line);
      padding: 0.6rem 0.9rem; margin: 1rem 0; border-radius: 0 6px 6px 0; }
    .scroll { overflow-x: auto; margin: 0.7rem 0; }
    table { border-collapse: collapse; font-size: 0.9rem; }
    caption { text-align: left; color: var(--soft); padding-bottom: 0.3rem; }
    th, td { padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--line); text-align: left;
      vertical-align: top; }
    thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
    tbody th { font-weight: 600; }
    @media (min-width: 600px) { .names tbody th { white-space: nowrap; } }
    .names td { overflow-wrap: anywhere; min-width: 6rem; }
    .numeric th:not(.name):not([scope="row"]), .numeric td:not(.name) { text-align: right; font-variant-numeric: tabular-nums; }
    .numeric td, .numeric tbody th { white-space: nowrap; }
    .numeric tbody th, .numeric thead th:first-child { position: sticky; left: 0; background: var(--paper); }
    .figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
      align-items: start; }
    figure { margin: 0; padding: 0.7rem; background: var(--card); border: 1px solid var(--line);
      border-radius: 8px; max-width: 34rem; }
    figcaption { font-weight: 600; font-size: 0.95rem; margin-bottom: 0.3rem; }
    figcaption small { display: block; }
    figure svg { display: block; width: 100%; height: auto; color: var(--ink); }
    .sample { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; overflow: hidden; }
    .sample h3 { margin: 0; padding: 0.5rem 0.8rem 0; color: var(--soft); font-size: 0.85rem; }
    .prompt { padding: 0 0.8rem 0.6rem; border-bottom: 1px solid var(--line); }
    .texts { display: grid; gap: 0.7rem; padding: 0.7rem 0.8rem; background: var(--card);
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); }
    h4 small { display: block; }
    pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; font-size: 0.92rem; }
    .empty { color: var(--soft); margin: 0; }
    @media (max-width: 480px) { main { padding: 0.7rem; } h1 { font-size: 1.4rem; }
      table { font-size: 0.82rem; } th, td { padding: 0.3rem 0.4rem; }
      .numeric tbody th { white-space: normal; max-width: 9rem; } figure { padding: 0.5rem; } }
    @media print { figure, .sample { break-inside: avoid; } }
    """
