/** Customers: who they are, where they stand, and what they went through. */

import { useView } from "../../frame/view";
import { List } from "./list";
import { Person } from "./person";

export default function Customers() {
  const { about } = useView().place;
  return about ? <Person key={about} customer={about} /> : <List />;
}
