import { mount } from "svelte";
import App from "./frame/App.svelte";
import "./frame/frame.css";

const target = document.getElementById("app");
if (target) mount(App, { target });
