import { Genre, type Book } from "./book.js";
import { escapeHtml } from "./escape-html.js";

/** A book, and whether it has a cover. */
export interface ShelvedBook extends Book {
  readonly hasCover: boolean;
}

/** The shelves as a Web page, book by book: the first is sent before the last is looked up. */
export function* cataloguePage(books: Iterable<ShelvedBook>): Generator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The shelves</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<main>
<p class="back"><a href="../">The library</a></p>
<h1>The shelves</h1>
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
</main>
</body>
</html>
`;
}

function bookCard({ id, hasCover, ...book }: ShelvedBook): string {
  const title = escapeHtml(book.title);
  const initials = book.author.match(/\p{Lu}/gu)?.join("") ?? "";
  const cover = hasCover
    ? `<img class="cover" src="${id}/cover" alt="Cover of ${title}">`
    : `<span class="cover" aria-hidden="true">${initials}</span>`;
  return `<li class="book">
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
