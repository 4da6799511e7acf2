import { Genre, type Book } from "./book.js";
import { escapeHtml } from "./escape-html.js";
import { page, pageEnd, pageStart } from "./page.js";

/** A book, and whether it has a cover. */
export interface ShelvedBook extends Book {
  readonly hasCover: boolean;
}

/** The shelves as a Web page, book by book: the first is sent before the last is looked up. */
export function* cataloguePage(books: Iterable<ShelvedBook>, mount: string): Generator<string> {
  yield `${pageStart({ title: "The shelves", mount, className: "" })}<h1>The shelves</h1>
<ul class="cards">
`;
  for (const book of books) yield bookCard(book);
  yield `</ul>
<h2>Add a book</h2>
<form method="post" action="./">
<label>Title <input name="title" required maxlength="200"></label>
<label>Author <input name="author" required maxlength="200"></label>
<label>Year <input name="year" type="number" required min="-3000" max="2100"></label>
<label>Genre <select name="genre">${Genre.options.map((genre) => `<option>${genre}</option>`).join("")}</select></label>
<button>Add</button>
</form>
`;
  yield pageEnd({ role: "responder" });
}

/** One book as a Web page. `url` is its own address. */
export function bookPage(
  { id, title, author, year, genre, hasCover }: ShelvedBook,
  { mount, url }: { readonly mount: string; readonly url: URL | undefined },
): string {
  const cover = hasCover
    ? `<p><img class="cover" src="${id}/cover" alt="Its cover"></p>
`
    : "";
  return page(
    { title, mount },
    `<h1>${escapeHtml(title)}</h1>
<p>By ${escapeHtml(author)}, ${year}. It stands with the other books of the genre <a href="./?genre=${encodeURIComponent(genre)}">${genre}</a>.</p>
${cover}<p>A program gets this book as JSON: <code>curl ${escapeHtml(url?.href ?? `${mount}/books/${id}`)}</code>. See it in <a href="browse#book-${id}">the shelves</a>.</p>
`,
    { role: "responder" },
  );
}

function bookCard({ id, hasCover, ...book }: ShelvedBook): string {
  const title = escapeHtml(book.title);
  const initials = book.author.match(/\p{Lu}/gu)?.join("") ?? "";
  const cover = hasCover
    ? `<img class="cover" src="${id}/cover" alt="Cover of ${title}">`
    : `<span class="cover" aria-hidden="true">${initials}</span>`;
  return `<li class="book" id="book-${id}">
${cover}
<div>
<h2><a href="${id}">${title}</a></h2>
<p>${escapeHtml(book.author)}<br>${book.year}, ${book.genre}</p>
<details>
<summary>Change the cover</summary>
<form method="post" action="${id}/cover" enctype="multipart/form-data">
<label>Cover of ${title} <input name="cover" type="file" accept="image/*" required></label>
<button>Upload</button>
</form>
</details>
</div>
</li>
`;
}
